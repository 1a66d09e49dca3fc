{# One row for each item of a list; null items give a row, empty lists none. #}
{% macro explode(list) -%}
    {{ return(adapter.dispatch('explode', 'phylohub')(list)) }}
{%- endmacro %}

{% macro duckdb__explode(list) -%}
    unnest({{ list }})
{%- endmacro %}


{# One row for each distinct item of a list; null items and empty lists give no row (filter nulls yourself). #}
{% macro explode_distinct(list) -%}
    {{ return(adapter.dispatch('explode_distinct', 'phylohub')(list)) }}
{%- endmacro %}

{% macro duckdb__explode_distinct(list) -%}
    unnest(list_distinct({{ list }}))
{%- endmacro %}


{% macro list_has(list, item) -%}
    {{ return(adapter.dispatch('list_has', 'phylohub')(list, item)) }}
{%- endmacro %}

{% macro duckdb__list_has(list, item) -%}
    coalesce(list_contains({{ list }}, {{ item }}), false)
{%- endmacro %}


{# The languages a card declares, as a list of lower-case strings; null if it declares none. YAML reads Norway's
   `language: no` as false, so false is turned back; true, numbers, nulls and objects are no languages. (A number
   starts with a digit or a sign: a cast to one would take `nan`, Min Nan Chinese, and `inf` for numbers.) #}
{% macro declared_languages(language_json) -%}
    {{ return(adapter.dispatch('declared_languages', 'phylohub')(language_json)) }}
{%- endmacro %}

{% macro duckdb__declared_languages(language_json) -%}
    nullif(
        list_filter(
            list_transform(
                case json_type({{ language_json }})
                    when 'ARRAY' then from_json({{ language_json }}, '["VARCHAR"]')
                    when 'VARCHAR' then [{{ language_json }} ->> '$']
                    when 'BOOLEAN' then [{{ language_json }} ->> '$']
                end,
                lambda declared: case lower(trim(declared)) when 'false' then 'no' else lower(trim(declared)) end
            ),
            lambda declared: declared <> 'true' and regexp_matches(declared, '^[^-+.0-9{[]')
        ),
        []
    )
{%- endmacro %}


{# Whether a list is null, or holds nothing. #}
{% macro list_is_empty(list) -%}
    {{ return(adapter.dispatch('list_is_empty', 'phylohub')(list)) }}
{%- endmacro %}

{% macro duckdb__list_is_empty(list) -%}
    coalesce(len({{ list }}), 0) = 0
{%- endmacro %}
