{#
    Values that are written in another form than the Hub's: with white space around, HTML escapes, percent-encoding, or
    as an address. They are read as what they mean. Nothing is guessed: a text that does not become a value of a
    vocabulary, or an id in the Hub's form, stays as it is.
#}

{# A text without white space at its ends, of whatever kind. #}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__trimmed(text) -%}
    regexp_replace({{ text }}, '^[\s\p{Z}\x{feff}]+|[\s\p{Z}\x{feff}]+$', '', 'g')
{%- endmacro %}


{#
    A text without white space around, HTML escapes and percent-encoding. Only the characters that ids and names hold are
    decoded: others could be damaged UTF-8.
#}
{% macro decoded(text) -%}
    {{ return(adapter.dispatch('decoded', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__decoded(text) -%}
    {%- set escapes = [
        ('#0*(?:9|10|13|32|160)|#x0*(?:9|a|d|20|a0)|nbsp|tab|newline', '(?:09|0a|0d|20|c2%a0)', ' '),
        ('#0*34|#x0*22|quot', '22', '"'),
        ('#0*35|#x0*23|num', '23', '#'), ('#0*39|#x0*27|apos', '27', "''"),
        ('#0*43|#x0*2b|plus', '2b', '+'), ('#0*45|#x0*2d', '2d', '-'),
        ('#0*46|#x0*2e|period', '2e', '.'), ('#0*47|#x0*2f|sol', '2f', '/'), ('#0*58|#x0*3a|colon', '3a', ':'),
        ('#0*60|#x0*3c|lt', '3c', '<'), ('#0*61|#x0*3d|equals', '3d', '='), ('#0*62|#x0*3e|gt', '3e', '>'),
        ('#0*63|#x0*3f|quest', '3f', '?'), ('#0*64|#x0*40|commat', '40', '@'), ('#0*95|#x0*5f|lowbar', '5f', '_'),
        ('#0*37|#x0*25|percnt', '25', '%'), ('#0*38|#x0*26|amp', '26', '&'),
    ] -%}
    {%- set plain = namespace(text=text) -%}
    {%- for names, code, character in escapes -%}
        {%- set plain.text
            = 'regexp_replace(' ~ plain.text ~ ", '(?i)&(?:" ~ names ~ ');|%' ~ code ~ "', '" ~ character ~ "', 'g')" -%}
    {%- endfor -%}
    {%- set has_escapes = 'contains(' ~ text ~ ", '&') or contains(" ~ text ~ ", '%')" -%}
    {{ trimmed('case when ' ~ has_escapes ~ ' then ' ~ plain.text ~ ' else ' ~ text ~ ' end') }}
{%- endmacro %}


{# A word in one spelling for all: lower case, with hyphens for underscores and blanks. #}
{% macro folded_word(text) -%}
    {{ return(adapter.dispatch('folded_word', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__folded_word(text) -%}
    regexp_replace(lower({{ text }}), '[\s_-]+', '-', 'g')
{%- endmacro %}


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


{# The name that an address of a license holds, in lower case (https://spdx.org/licenses/MIT.html, opensource.org,
   choosealicense.com, creativecommons.org, gnu.org, apache.org); empty for any other text. #}
{% macro license_in_address(text) -%}
    {{ return(adapter.dispatch('license_in_address', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__license_in_address(text) -%}
    {%- set host = '^(?:https?://)?(?:www\.)?' -%}
    {%- set end = '(?:\.html?|\.txt|\.json|\.php)?/?(?:[?#]\S*)?$' -%}
    concat(
        regexp_extract(
            lower({{ text }}),
            '{{ host }}(?:spdx\.org|opensource\.org|choosealicense\.com|gnu\.org)/licenses?/(?:old-licenses/)?'
            || '([a-z0-9.+-]+?)(?:\.en)?{{ end }}',
            1
        ),
        regexp_replace(
            regexp_extract(lower({{ text }}), '{{ host }}apache\.org/licenses/(license-[0-9.]+?){{ end }}', 1),
            '^license-', 'apache-'
        ),
        regexp_replace(
            regexp_extract(
                lower({{ text }}),
                '{{ host }}creativecommons\.org/licenses/([a-z-]+/[0-9.]+)(?:/deed[a-z._-]*|/legalcode[a-z._-]*)?/?$',
                1
            ),
            '^(.+)/(.+)$', 'cc-\1-\2'
        ),
        regexp_replace(
            regexp_extract(
                lower({{ text }}),
                '{{ host }}creativecommons\.org/publicdomain/(zero/[0-9.]+)(?:/deed[a-z._-]*|/legalcode[a-z._-]*)?/?$',
                1
            ),
            '^zero/', 'cc0-'
        )
    )
{%- endmacro %}


{# In which form a value is written that is read as another: the first that applies. #}
{% macro written_form(written, value) -%}
    {{ return(adapter.dispatch('written_form', 'phylohub')(written, value)) }}
{%- endmacro %}

{% macro duckdb__written_form(written, value) -%}
    case
        when {{ written }} = {{ value }} then null
        when regexp_matches({{ written }}, '(?i)://|(?:^|:)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/[^/]') then 'address'
        when regexp_matches({{ written }}, '&#?[A-Za-z0-9]+;') then 'HTML escape'
        when regexp_matches({{ written }}, '%[0-9A-Fa-f]{2}') then 'percent-encoding'
        when contains({{ written }}, '@') then 'revision'
        when regexp_matches({{ written }}, '[\s\p{Z}]') then 'white space'
        when right(lower({{ written }}), length({{ value }})) = lower({{ value }}) then 'case'
        when regexp_matches({{ written }}, '[vV][0-9]+(?i:\.pdf)?$') then 'version'
        else 'spelling'
    end
{%- endmacro %}
