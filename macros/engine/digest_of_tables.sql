{# A query of one row, `digest`: the MD5 of the rows of several tables, whatever their order. #}
{% macro digest_of_tables(relations) -%}
    {{ return(adapter.dispatch('digest_of_tables', 'phylohub')(relations)) }}
{%- endmacro %}

{% macro duckdb__digest_of_tables(relations) -%}
    select md5(string_agg(line, chr(10) order by line)) as digest
    from (
        {% for relation in relations %}
            select '{{ relation.identifier }}' || cast(rows_of as varchar) as line from {{ relation }} as rows_of
            {% if not loop.last %}union all{% endif %}
        {% endfor %}
    ) as lines
{%- endmacro %}
