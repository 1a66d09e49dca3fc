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

{# Splitting at blanks takes half the time of a regular expression (8 and 17 CPU seconds a gigabyte of cards), and white
   space beyond ASCII, which only the expression knows, is rare. #}
{% macro duckdb__count_words(text) -%}
    {%- set blanks = namespace(text=text) -%}
    {%- for code in [9, 10, 11, 12, 13, 28, 29, 30, 31] -%}
        {%- set blanks.text = 'replace(' ~ blanks.text ~ ', chr(' ~ code ~ "), ' ')" -%}
    {%- endfor -%}
    case
        when
            regexp_matches(
                {{ text }},
                '[\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]'
            )
            then len(regexp_extract_all({{ text }}, '[^\x09-\x0d\x1c-\x20\x85\p{Z}]+'))
        else len(list_filter(string_split({{ blanks.text }}, ' '), lambda word: word <> ''))
    end
{%- endmacro %}


{# One row for each word of a text that is separated by blanks. #}
{% macro explode_words(text) -%}
    {{ return(adapter.dispatch('explode_words', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__explode_words(text) -%}
    unnest(list_distinct(regexp_extract_all({{ text }}, '\S+')))
{%- endmacro %}


{# What snapshots of one series have in common: the name of their source with its date left out. #}
{% macro source_series(source_name) -%}
    {{ return(adapter.dispatch('source_series', 'phylohub')(source_name)) }}
{%- endmacro %}

{% macro duckdb__source_series(source_name) -%}
    regexp_replace({{ source_name }}, '20[0-9]{2}[-_.]?(0[1-9]|1[0-2])([-_.]?[0-3][0-9])?', 'DATE', 'g')
{%- endmacro %}


{# Aggregate: the text that belongs to the smallest key; of several, the first in the order of bytes. #}
{% macro first_value_by(text, key) -%}
    {{ return(adapter.dispatch('first_value_by', 'phylohub')(text, key)) }}
{%- endmacro %}

{% macro duckdb__first_value_by(text, key) -%}
    min({'key': {{ key }}, 'text': {{ text }}}).text
{%- endmacro %}


{# Aggregate: the distinct texts in alphabetical order. #}
{% macro sorted_concat(text, separator) -%}
    {{ return(adapter.dispatch('sorted_concat', 'phylohub')(text, separator)) }}
{%- endmacro %}

{% macro duckdb__sorted_concat(text, separator) -%}
    string_agg(distinct {{ text }}, '{{ separator }}' order by {{ text }})
{%- endmacro %}
