{# The integer type for counts of pairs, triples and paths, exact to 10^38. #}
{% macro wide_integer() -%}
    {{ return(adapter.dispatch('wide_integer', 'phylohub')()) }}
{%- endmacro %}

{% macro duckdb__wide_integer() -%}
    hugeint
{%- endmacro %}


{# The quotient of two integers, rounded down. #}
{% macro whole_quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient', 'phylohub')(dividend, divisor)) }}
{%- endmacro %}

{% macro duckdb__whole_quotient(dividend, divisor) -%}
    {{ dividend }} // {{ divisor }}
{%- endmacro %}
