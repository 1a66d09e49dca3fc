{# An incremental Python model writes what it adds to a table first, which dbt-duckdb takes for a temporary one, but is
   none: it would stay in the file, one more a build. This drops those of a relation; as its post-hook, nothing else. #}
{% macro drop_leftovers(relation) -%}
    {%- if execute -%}
        {%- set query -%}
            select table_schema, table_name from information_schema.tables
            where table_catalog = '{{ relation.database }}' and table_name like '{{ relation.identifier }}\_\_dbt\_tmp%' escape '\'
        {%- endset -%}
        {%- for row in run_query(query).rows %}
            drop table "{{ row[0] }}"."{{ row[1] }}";
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
