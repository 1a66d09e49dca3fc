{# What precedes the first colon of a tag; null if it has none. #}
{% macro tag_prefix(tag) -%}
    {{ return(adapter.dispatch('tag_prefix', 'phylohub')(tag)) }}
{%- endmacro %}

{% macro duckdb__tag_prefix(tag) -%}
    case when contains({{ tag }}, ':') then split_part({{ tag }}, ':', 1) end
{%- endmacro %}


{# The relation word of what follows `base_model:`, and the parent. A relation is a lower-case word of two letters
   or more; so a parent that is a Windows path (C:\...) or a URL (https://...) is not split. #}
{% macro base_model_relation(text) -%}
    {{ return(adapter.dispatch('base_model_relation', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__base_model_relation(text) -%}
    nullif(regexp_extract({{ text }}, '^([a-z][a-z0-9_-]+):(?:[^/]|/[^/]|/?$)', 1), '')
{%- endmacro %}
