{# Aggregate: the text with the smallest key; ties go to the first text in byte order. #}
{% macro first_value_by(text, key) -%}
    {{ return(adapter.dispatch('first_value_by', 'phylohub')(text, key)) }}
{%- endmacro %}

{% macro duckdb__first_value_by(text, key) -%}
    min({'key': {{ key }}, 'text': {{ text }}}).text
{%- endmacro %}


{# Aggregate: the distinct texts in alphabetical order, as one text. #}
{% macro sorted_concat(text, separator) -%}
    {{ return(adapter.dispatch('sorted_concat', 'phylohub')(text, separator)) }}
{%- endmacro %}

{% macro duckdb__sorted_concat(text, separator) -%}
    string_agg(distinct {{ text }}, '{{ separator }}' order by {{ text }})
{%- endmacro %}


{# Aggregate: a sum of doubles, added in the order of `keys` so that every run gives the same bits. #}
{% macro ordered_sum(value, keys) -%}
    {{ return(adapter.dispatch('ordered_sum', 'phylohub')(value, keys)) }}
{%- endmacro %}

{% macro duckdb__ordered_sum(value, keys) -%}
    sum({{ value }} order by {{ keys | join(', ') }})
{%- endmacro %}


{# Aggregate: the first distinct texts in byte order, as one text separated by commas; null if there is none. #}
{% macro first_texts(text, number) -%}
    {{ return(adapter.dispatch('first_texts', 'phylohub')(text, number)) }}
{%- endmacro %}

{% macro duckdb__first_texts(text, number) -%}
    array_to_string(list_sort(min(distinct {{ text }}, {{ number }})), ',')
{%- endmacro %}


{# Aggregate: the correlation of two numbers; null if one of them is constant. #}
{% macro correlation(left, right) -%}
    {{ return(adapter.dispatch('correlation', 'phylohub')(left, right)) }}
{%- endmacro %}

{% macro duckdb__correlation(left, right) -%}
    case when min({{ left }}) < max({{ left }}) and min({{ right }}) < max({{ right }}) then corr({{ left }}, {{ right }}) end
{%- endmacro %}


{# Aggregate: the n-th largest number, ties included; the smallest if there are fewer. #}
{% macro nth_largest(value, n) -%}
    {{ return(adapter.dispatch('nth_largest', 'phylohub')(value, n)) }}
{%- endmacro %}

{% macro duckdb__nth_largest(value, n) -%}
    list_min(max({{ value }}, {{ n }}))
{%- endmacro %}
