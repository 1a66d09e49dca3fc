{% macro checked_paths() %}
    {{ return([
        'createdAt', 'lastModified', 'gated', 'private', 'disabled', 'likes', 'downloads', 'downloadsAllTime',
        'trendingScore', 'usedStorage', 'safetensors.total', 'gguf.total',
    ]) }}
{% endmacro %}


{#
    Two columns, path and value (as text), one row for each field whose values the contract can bound: one parse a
    record, whatever the number of fields. A path that the seed api_contract gives bounds to and that is missing here
    fails a data test of the seed.
#}
{% macro checked_values(record) -%}
    {{ return(adapter.dispatch('checked_values', 'phylohub')(record)) }}
{%- endmacro %}

{% macro duckdb__checked_values(record) -%}
    {%- set paths = checked_paths() -%}
    unnest(['{{ paths | join("', '") }}']) as path,
    unnest(json_extract_string({{ record }}, ['$.{{ paths | join("', '$.") }}'])) as value
{%- endmacro %}


{# The text of a bound as a number, exact to 10^38; null if it is none. #}
{% macro bound_number(bound) -%}
    {{ return(adapter.dispatch('bound_number', 'phylohub')(bound)) }}
{%- endmacro %}

{% macro duckdb__bound_number(bound) -%}
    try_cast({{ bound }} as hugeint)
{%- endmacro %}


{# Whether a value lies outside bounds or is none of the words (separated by |); bounds that are numbers are compared as
   numbers, and others as text. Null bounds bound nothing; a value of another type is not judged. The numbers of the
   bounds are handed in beside them: read anew for every value, they would be most of the work. #}
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
