{# Whether a program wrote the card: it says so in one of two phrases, in any case. #}
{% macro is_auto_generated(card) -%}
    {{ return(adapter.dispatch('is_auto_generated', 'phylohub')(card)) }}
{%- endmacro %}

{% macro duckdb__is_auto_generated(card) -%}
    contains(lower({{ card }}), 'automatically generated') or contains(lower({{ card }}), 'generated automatically')
{%- endmacro %}


{#
    Number of words, split at white space like Python's `str.split()`. `\S` would not do, since it knows only part of
    the white space. Splitting at blanks is faster than a regular expression, which is used only for rare white space
    beyond ASCII.
#}
{% macro count_words(text) -%}
    {{ return(adapter.dispatch('count_words', 'phylohub')(text)) }}
{%- endmacro %}

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


{# What a card is: empty, front matter (YAML without a text), page (HTML as a server sends it), pointer (to git-lfs),
   data (JSON) or text. #}
{% macro card_form(card) -%}
    {{ return(adapter.dispatch('card_form', 'phylohub')(card)) }}
{%- endmacro %}

{% macro duckdb__card_form(card) -%}
    case
        when regexp_full_match({{ card }}, '\s*') then 'empty'
        when regexp_matches(left({{ card }}, 200), '^\s*(?i:<!doctype|<html|<\?xml)') then 'page'
        when starts_with({{ card }}, 'version https://git-lfs.github.com/') then 'pointer'
        when regexp_matches(left({{ card }}, 200), '^\s*\{\s*"') then 'data'
        when starts_with({{ card }}, '---') and regexp_full_match({{ card }}, '---(?s:.*?)\n---\s*') then 'front matter'
        else 'text'
    end
{%- endmacro %}
