{# How a text names a repository of the Hub: url, cache path, revision, or plain. #}
{% macro parent_name_form(name) -%}
    {{ return(adapter.dispatch('parent_name_form', 'phylohub')(name)) }}
{%- endmacro %}

{% macro duckdb__parent_name_form(name) -%}
    case
        -- Most names are plain, and one test finds out.
        when not regexp_matches({{ name }}, '[@:\\]|/.*/|/$|models--|(?i:\.co/)') then 'plain'
        when regexp_matches({{ name }}, '^(?i:(?:https?://|hf://|(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)/))') then 'url'
        when regexp_matches({{ name }}, '(?:^|[/\\])models--[^/\\]') then 'cache path'
        when regexp_matches({{ name }}, '^[^/@\s]+/[^/@\s]+/$') then 'url'
        when
            regexp_matches(
                {{ name }}, '^[^/@\s]+(?:/[^/@\s]+)?@[^@\s]+$|^[^/@\s]+/[^/@\s]+/(?:tree|blob|resolve|raw|commit)/[^\s]+$'
            )
            then 'revision'
        else 'plain'
    end
{%- endmacro %}


{# The id of the repository that a text of a form (parent_name_form) names: the address, folder of the cache or revision
   is removed. The text as it is if it names no model of the Hub. #}
{% macro repository_of_name(name, form) -%}
    {{ return(adapter.dispatch('repository_of_name', 'phylohub')(name, form)) }}
{%- endmacro %}

{% macro duckdb__repository_of_name(name, form) -%}
    coalesce(
        nullif(
            case {{ form }}
                when 'url' then regexp_extract(
                    regexp_replace({{ name }}, '^(?i:(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)/|hf://)(?:models/)?', ''),
                    '^([^/@?#:\s]+(?:/[^/@?#\s]+)?)(?:[/@?#]|$)',
                    1
                )
                when 'cache path' then replace(
                    regexp_extract({{ name }}, '(?:^|[/\\])models--([^/\\]+)', 1), '--', '/'
                )
                when 'revision' then regexp_extract({{ name }}, '^([^/@\s]+(?:/[^/@\s]+)?)[/@]', 1)
            end,
            ''
        ),
        {{ name }}
    )
{%- endmacro %}
