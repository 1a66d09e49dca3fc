{# Whether a card was written by a program: it says so, in one of two wordings, in any case. #}
{% macro is_auto_generated(card) -%}
    {{ return(adapter.dispatch('is_auto_generated', 'phylohub')(card)) }}
{%- endmacro %}

{% macro duckdb__is_auto_generated(card) -%}
    contains(lower({{ card }}), 'automatically generated') or contains(lower({{ card }}), 'generated automatically')
{%- endmacro %}


{# Number of words: runs of anything but white space, as Python's `str.split()` finds them. `\S` would not do: it
   knows white space in ASCII only, and not all of that. #}
{% macro count_words(text) -%}
    {{ return(adapter.dispatch('count_words', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__count_words(text) -%}
    len(regexp_extract_all({{ text }}, '[^\x09-\x0d\x1c-\x20\x85\p{Z}]+'))
{%- endmacro %}


{# One row for each word of a text that is separated by blanks. #}
{% macro explode_words(text) -%}
    {{ return(adapter.dispatch('explode_words', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__explode_words(text) -%}
    unnest(list_distinct(regexp_extract_all({{ text }}, '\S+')))
{%- endmacro %}
