{# The front matter of a card: the YAML between its first two lines of three dashes; null if there is none. #}
{% macro front_matter(card) -%}
    {{ return(adapter.dispatch('front_matter', 'phylohub')(card)) }}
{%- endmacro %}

{% macro duckdb__front_matter(card) -%}
    nullif(
        regexp_extract(replace({{ card }}, chr(13), ''), '^\s*---[ \t]*\n((?s:.*?\n))---[ \t]*(?:\n|$)', 1),
        ''
    )
{%- endmacro %}


{#
    The texts of a field of a front matter, as a list; null if there are none. Reads what cards hold: a scalar, a list
    in brackets, or a list with a dash per line; quotes and comments are removed. Other YAML gives what its lines hold.
#}
{% macro front_matter_list(front_matter, field) -%}
    {{ return(adapter.dispatch('front_matter_list', 'phylohub')(front_matter, field)) }}
{%- endmacro %}

{% macro duckdb__front_matter_list(front_matter, field) -%}
    nullif(
        list_filter(
            list_transform(
                string_split_regex(
                    regexp_replace(
                        regexp_extract(
                            {{ front_matter }},
                            '(?m:^){{ field }}:[ \t]*((?:[^\n]*\n)(?:[ \t]*-[ \t]+[^\n]*\n|[ \t]+[^\n]*\n|[ \t]*#[^\n]*\n)*)',
                            1
                        ),
                        '(?m:(?:^|[ \t])#[^\n]*$)', '', 'g'
                    ),
                    '\n[ \t]*-[ \t]+|\n|[\[\],]'
                ),
                lambda item: regexp_replace(
                    trim(regexp_replace(item, '^[ \t]*-[ \t]+', '')), '^(["''])(.*)["'']$', '\2'
                )
            ),
            lambda item: item not in ('', '~', 'null', '|', '>')
        ),
        []
    )
{%- endmacro %}


{# The first text of a field of a front matter; null if there is none. #}
{% macro front_matter_text(front_matter, field) -%}
    {{ return(adapter.dispatch('front_matter_text', 'phylohub')(front_matter, field)) }}
{%- endmacro %}

{% macro duckdb__front_matter_text(front_matter, field) -%}
    ({{ phylohub.front_matter_list(front_matter, field) }})[1]
{%- endmacro %}
