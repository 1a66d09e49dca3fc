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
