{# The part of a tag before its first colon; null if it has no colon. #}
{% macro tag_prefix(tag) -%}
    {{ return(adapter.dispatch('tag_prefix', 'phylohub')(tag)) }}
{%- endmacro %}

{% macro duckdb__tag_prefix(tag) -%}
    case when contains({{ tag }}, ':') then split_part({{ tag }}, ':', 1) end
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


{# The id of a paper on arXiv without its version, from an id or an address (2106.09685v3, arxiv.org/abs/2106.09685);
   any other text as it is. Versions are one paper. #}
{% macro arxiv_paper(text) -%}
    {{ return(adapter.dispatch('arxiv_paper', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__arxiv_paper(text) -%}
    coalesce(
        nullif(
            regexp_extract(
                trim({{ text }}),
                '^(?i:arxiv:|(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/)?'
                || '([0-9]{4}\.[0-9]{4,5}|[a-z-]+(?:\.[A-Z]{2})?/[0-9]{7})(?:[vV][0-9]+)?(?i:\.pdf)?/?$',
                1
            ),
            ''
        ),
        {{ text }}
    )
{%- endmacro %}
