{# A bound as an integer, exact to 10^38; null if it is not a number. #}
{% macro bound_number(bound) -%}
    {{ return(adapter.dispatch('bound_number', 'phylohub')(bound)) }}
{%- endmacro %}

{% macro duckdb__bound_number(bound) -%}
    try_cast({{ bound }} as hugeint)
{%- endmacro %}


{#
    Whether a value lies outside its bounds, or is not in a vocabulary (words separated by |). Numeric bounds compare
    as numbers, others as text. A null bound does not apply; a value of another type is inside. The bounds are also
    passed as numbers, since converting them for every value is expensive.
#}
{% macro is_outside(value, minimum, minimum_number, maximum, maximum_number, vocabulary) -%}
    {{ return(adapter.dispatch('is_outside', 'phylohub')(
        value, minimum, minimum_number, maximum, maximum_number, vocabulary
    )) }}
{%- endmacro %}

{% macro duckdb__is_outside(value, minimum, minimum_number, maximum, maximum_number, vocabulary) -%}
    coalesce(
        case
            when {{ minimum_number }} is not null then {{ bound_number(value) }} < {{ minimum_number }}
            else {{ value }} < {{ minimum }}
        end,
        false
    )
    or coalesce(
        case
            when {{ maximum_number }} is not null then {{ bound_number(value) }} > {{ maximum_number }}
            else {{ value }} > {{ maximum }}
        end,
        false
    )
    or coalesce(not contains('|' || {{ vocabulary }} || '|', '|' || {{ value }} || '|'), false)
{%- endmacro %}
