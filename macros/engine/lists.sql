{# One row per item of a list, nulls included. An empty list gives no row. #}
{% macro explode(list) -%}
    {{ return(adapter.dispatch('explode', 'phylohub')(list)) }}
{%- endmacro %}

{% macro duckdb__explode(list) -%}
    unnest({{ list }})
{%- endmacro %}


{# One row per distinct item of a list, without nulls. An empty list gives no row. #}
{% macro explode_distinct(list) -%}
    {{ return(adapter.dispatch('explode_distinct', 'phylohub')(list)) }}
{%- endmacro %}

{% macro duckdb__explode_distinct(list) -%}
    {#- Most lists have a single item, which needs no comparison. #}
    unnest(
        case
            when len({{ list }}) = 1 and {{ list }}[1] is not null then {{ list }}
            else list_distinct({{ list }})
        end
    )
{%- endmacro %}


{# One row per distinct word of a text, split at white space. #}
{% macro explode_words(text) -%}
    {{ return(adapter.dispatch('explode_words', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__explode_words(text) -%}
    unnest(list_distinct(regexp_extract_all({{ text }}, '\S+')))
{%- endmacro %}


{# Whether a list contains an item; false if the list is null. #}
{% macro list_has(list, item) -%}
    {{ return(adapter.dispatch('list_has', 'phylohub')(list, item)) }}
{%- endmacro %}

{% macro duckdb__list_has(list, item) -%}
    coalesce(list_contains({{ list }}, {{ item }}), false)
{%- endmacro %}


{# Whether a list is null or has no items. #}
{% macro list_is_empty(list) -%}
    {{ return(adapter.dispatch('list_is_empty', 'phylohub')(list)) }}
{%- endmacro %}

{% macro duckdb__list_is_empty(list) -%}
    coalesce(len({{ list }}), 0) = 0
{%- endmacro %}
