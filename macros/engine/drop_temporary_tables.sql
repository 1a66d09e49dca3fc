{# Post-hook of an incremental Python model: drops the tables in which dbt-duckdb stages its new rows. They are meant
   to be temporary but are not, and each build would leave one in the file. #}
{% macro drop_temporary_tables(relation) -%}
    {{ return(adapter.dispatch('drop_temporary_tables', 'phylohub')(relation)) }}
{%- endmacro %}

{% macro duckdb__drop_temporary_tables(relation) -%}
    {%- if execute -%}
        {%- set query -%}
            select table_schema, table_name
            from information_schema.tables
            where
                table_catalog = {{ string_literals([relation.database]) }}
                and table_name like {{ string_literals([relation.identifier ~ '\\_\\_dbt\\_tmp%']) }} escape '\'
        {%- endset -%}
        {%- for row in run_query(query).rows %}
            drop table "{{ row[0] }}"."{{ row[1] }}";
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
