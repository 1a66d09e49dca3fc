{# An integer type for counts of pairs, triples and paths: exact to 10^38. #}
{% macro wide_integer() -%}
    {{ return(adapter.dispatch('wide_integer', 'phylohub')()) }}
{%- endmacro %}

{% macro duckdb__wide_integer() -%}
    hugeint
{%- endmacro %}
