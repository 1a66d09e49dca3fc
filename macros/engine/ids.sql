{# Whether a text looks like the id of a model: owner/name, or the name alone as in the Hub's oldest ids. #}
{% macro is_model_id(text) -%}
    {{ return(adapter.dispatch('is_model_id', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__is_model_id(text) -%}
    regexp_full_match({{ text }}, '[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)?')
{%- endmacro %}


{# Whether a text is the id of a paper on arXiv, in either of its two forms. #}
{% macro is_arxiv_id(text) -%}
    {{ return(adapter.dispatch('is_arxiv_id', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__is_arxiv_id(text) -%}
    regexp_full_match({{ text }}, '[0-9]{4}\.[0-9]{4,5}|[a-z-]+(\.[A-Z]{2})?/[0-9]{7}')
{%- endmacro %}
