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


{# Whether a value lies outside bounds or is none of the words (separated by |); bounds that are numbers are compared as
   numbers, exact to 10^38, and others as text. Null bounds bound nothing; a value of another type is not judged. #}
{% macro is_outside(value, minimum, maximum, vocabulary) -%}
    {{ return(adapter.dispatch('is_outside', 'phylohub')(value, minimum, maximum, vocabulary)) }}
{%- endmacro %}

{% macro duckdb__is_outside(value, minimum, maximum, vocabulary) -%}
    coalesce(
        case
            when try_cast({{ minimum }} as hugeint) is not null
                then try_cast({{ value }} as hugeint) < try_cast({{ minimum }} as hugeint)
            else {{ value }} < {{ minimum }}
        end,
        false
    )
    or coalesce(
        case
            when try_cast({{ maximum }} as hugeint) is not null
                then try_cast({{ value }} as hugeint) > try_cast({{ maximum }} as hugeint)
            else {{ value }} > {{ maximum }}
        end,
        false
    )
    or coalesce(not contains('|' || {{ vocabulary }} || '|', '|' || {{ value }} || '|'), false)
{%- endmacro %}
