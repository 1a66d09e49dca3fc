{# The paths whose values the contract can bound. The test bounds_are_checked fails if the seed api_contract bounds
   another path. #}
{% macro checked_paths() %}
    {{ return([
        'createdAt', 'lastModified', 'gated', 'private', 'disabled', 'likes', 'downloads', 'downloadsAllTime',
        'trendingScore', 'usedStorage', 'safetensors.total', 'gguf.total',
    ]) }}
{% endmacro %}


{# Two columns, path and value (as text), with one row per checked path. Parses the record once. #}
{% macro checked_values(record) -%}
    {{ return(adapter.dispatch('checked_values', 'phylohub')(record)) }}
{%- endmacro %}

{% macro duckdb__checked_values(record) -%}
    {%- set paths = checked_paths() -%}
    unnest(['{{ paths | join("', '") }}']) as path,
    unnest(json_extract_string({{ record }}, ['$.{{ paths | join("', '$.") }}'])) as value
{%- endmacro %}
