{# The part of a tag before its first colon; null if it has no colon. #}
{% macro tag_prefix(tag) -%}
    {{ return(adapter.dispatch('tag_prefix', 'phylohub')(tag)) }}
{%- endmacro %}

{% macro duckdb__tag_prefix(tag) -%}
    case when contains({{ tag }}, ':') then split_part({{ tag }}, ':', 1) end
{%- endmacro %}


{# The relation in what follows `base_model:`; null if there is none. A relation is a lower-case word of at least two
   characters, so a parent that is a Windows path (C:\...) or a URL (https://...) is not split. #}
{% macro base_model_relation(tag_value) -%}
    {{ return(adapter.dispatch('base_model_relation', 'phylohub')(tag_value)) }}
{%- endmacro %}

{% macro duckdb__base_model_relation(tag_value) -%}
    nullif(regexp_extract({{ tag_value }}, '^([a-z][a-z0-9_-]+):(?:[^/]|/[^/]|/?$)', 1), '')
{%- endmacro %}
