{# A 64-bit hash of a row. Equal rows, nulls included, have equal hashes; collisions are rare. #}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash', 'phylohub')(columns)) }}
{%- endmacro %}

{% macro duckdb__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}
