{# Ids that are written as addresses, read by the rules of written_forms.sql: nothing is guessed. #}

{#
    The id of a repository, from an id or an address (https://huggingface.co/owner/name/tree/main, hf.co/owner/name,
    owner/name@main, owner%2Fname, owner/name/); any other text as it is. `decoded` is the text that `decoded()` gives.
    `folder` is the part of addresses that names the kind of repository: models or datasets. Ids hold no @ and no second
    slash, and nobody can own `datasets`, so a text has at most one reading.
#}
{% macro repository_of(text, decoded, folder) -%}
    {{ return(adapter.dispatch('repository_of', 'phylohub')(text, decoded, folder)) }}
{%- endmacro %}

{% macro duckdb__repository_of(text, decoded, folder) -%}
    {%- set hub = '(?i:(?:https?:)?(?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?:api/)?|hf://)' -%}
    {%- set path = 'regexp_replace(' ~ decoded ~ ", '^" ~ hub ~ '(?:' ~ folder ~ "/)?', '')" -%}
    {%- set page = '/(?:tree|blob|resolve|raw|commits?|discussions)' -%}
    {%- set query = '/?(?:[?#]\S*)?$' -%}
    {%- set owned = '^([A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9._-]+?)(?:@\S*)?(?:' ~ page ~ '(?:/\S*)?)?' ~ query -%}
    {%- set owned_address = owned.replace('(?:@', '(?:\.git)?(?:@', 1) -%}
    {%- set name = '^([A-Za-z0-9][A-Za-z0-9._-]*?)(?:\.git)?(?:@\S*)?(?:' ~ page ~ '/\S*)?' ~ query -%}
    {%- set other_folder = {'models': 'datasets', 'datasets': 'models'}[folder] -%}
    case
        when {{ is_repository_id(text) }} then {{ text }}
        when {{ is_repository_id(decoded) }} then {{ decoded }}
        when not regexp_matches({{ decoded }}, '^{{ hub }}')
            then coalesce(nullif(regexp_extract({{ decoded }}, '{{ owned }}', 1), ''), {{ text }})
        when
            regexp_matches(
                {{ path }},
                '^(?:{{ other_folder }}|spaces|docs|blog|papers|posts|collections|organizations)(?:/|$)'
            )
            then {{ text }}
        else coalesce(
            nullif(regexp_extract({{ path }}, '{{ owned_address }}', 1), ''),
            nullif(regexp_extract({{ path }}, '{{ name }}', 1), ''),
            {{ text }}
        )
    end
{%- endmacro %}


{#
    The id of a paper on arXiv without its version, from an id, an address or a DOI (2106.09685v3,
    arxiv.org/abs/2106.09685, 10.48550/arXiv.2106.09685); any other text as it is. Versions are one paper. Eight or nine
    digits are an id without its point: since 2015 an id has five digits after the point, before it had four, so the
    point has only one place.
#}
{% macro arxiv_paper(text, decoded) -%}
    {{ return(adapter.dispatch('arxiv_paper', 'phylohub')(text, decoded)) }}
{%- endmacro %}

{% macro duckdb__arxiv_paper(text, decoded) -%}
    {%- set address = '(?i:(?:https?://)?(?:www\.|export\.|browse\.)?arxiv\.org/(?:abs|pdf|html|format|ps|e-print)/'
        ~ '|(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/papers/'
        ~ '|(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi:)?10\.48550/)?(?i:arxiv[:.])?' -%}
    case
        when regexp_full_match({{ text }}, '[0-9]{4}\.[0-9]{4,5}') then {{ text }}
        when
            regexp_full_match(
                {{ decoded }},
                '(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])[0-9]{4}|(?:1[5-9]|[2-9][0-9])(?:0[1-9]|1[0-2])[0-9]{5}'
            )
            then left({{ decoded }}, 4) || '.' || substr({{ decoded }}, 5)
        else coalesce(
            nullif(
                regexp_extract(
                    {{ decoded }},
                    '^{{ address }}([0-9]{4}\.[0-9]{4,5}|[a-z-]+(?:\.[A-Z]{2})?/[0-9]{7})'
                    || '(?:[vV][0-9]+)?(?i:\.pdf)?/?(?:[?#]\S*)?$',
                    1
                ),
                ''
            ),
            {{ text }}
        )
    end
{%- endmacro %}


{# A DOI without the address of its resolver; any other text as it is. #}
{% macro doi_of(text, decoded) -%}
    {{ return(adapter.dispatch('doi_of', 'phylohub')(text, decoded)) }}
{%- endmacro %}

{% macro duckdb__doi_of(text, decoded) -%}
    coalesce(
        nullif(
            regexp_extract(
                {{ decoded }}, '^(?i:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi:)?(10\.[0-9]{4,9}/\S+)$', 1
            ),
            ''
        ),
        {{ text }}
    )
{%- endmacro %}
