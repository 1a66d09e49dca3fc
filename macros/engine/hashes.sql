{# A number of 64 bits that is equal for equal rows, nulls included, and nearly always differs for others. #}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash', 'phylohub')(columns)) }}
{%- endmacro %}

{% macro duckdb__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}
