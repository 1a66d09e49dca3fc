{# The part of a tag before its first colon; null if it has no colon. #}
{% macro tag_prefix(tag) -%}
    {{ return(adapter.dispatch('tag_prefix', 'phylohub')(tag)) }}
{%- endmacro %}

{% macro duckdb__tag_prefix(tag) -%}
    case when contains({{ tag }}, ':') then split_part({{ tag }}, ':', 1) end
{%- endmacro %}


{# The part of a tag after its first colon; null if it has no colon. #}
{% macro after_prefix(tag) -%}
    {{ return(adapter.dispatch('after_prefix', 'phylohub')(tag)) }}
{%- endmacro %}

{% macro duckdb__after_prefix(tag) -%}
    substr({{ tag }}, length({{ tag_prefix(tag) }}) + 2)
{%- endmacro %}


{#
    The word that may be the relation in what follows `base_model:`; null if there is none. It is a lower-case word of at
    least two characters, so a parent that is a Windows path (C:\...) or a URL (https://...) is not split.
    int_record_parents takes it for a relation if the seed lists it, or if a repository's id follows: `llama3:8b` is a
    parent with a colon in its name.
#}
{% macro base_model_relation(tag_value) -%}
    {{ return(adapter.dispatch('base_model_relation', 'phylohub')(tag_value)) }}
{%- endmacro %}

{% macro duckdb__base_model_relation(tag_value) -%}
    nullif(regexp_extract({{ tag_value }}, '^([a-z][a-z0-9_-]+):(?:[^/]|/[^/]|/?$)', 1), '')
{%- endmacro %}


{# Whether a text looks like the id of a repository with its owner (owner/name). #}
{% macro is_repository_id(text) -%}
    {{ return(adapter.dispatch('is_repository_id', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__is_repository_id(text) -%}
    regexp_full_match({{ text }}, '[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9._-]+')
{%- endmacro %}
