{# Two columns, key and value (JSON), with one row per member of an object. A repeated key gives two rows. #}
{% macro json_members(object) -%}
    {{ return(adapter.dispatch('json_members', 'phylohub')(object)) }}
{%- endmacro %}

{% macro duckdb__json_members(object) -%}
    unnest(json_keys({{ object }})) as key, unnest(json_extract({{ object }}, '$.*')) as value
{%- endmacro %}


{# One row per item of an array, as JSON. #}
{% macro json_items(array) -%}
    {{ return(adapter.dispatch('json_items', 'phylohub')(array)) }}
{%- endmacro %}

{% macro duckdb__json_items(array) -%}
    unnest(json_extract({{ array }}, '$[*]'))
{%- endmacro %}


{# object or array if the JSON value is one of them; otherwise null. #}
{% macro json_container(value) -%}
    {{ return(adapter.dispatch('json_container', 'phylohub')(value)) }}
{%- endmacro %}

{% macro duckdb__json_container(value) -%}
    case json_type({{ value }}) when 'OBJECT' then 'object' when 'ARRAY' then 'array' end
{%- endmacro %}


{# A member of an object as text; null if it is missing. #}
{% macro json_text(object, key) -%}
    {{ return(adapter.dispatch('json_text', 'phylohub')(object, key)) }}
{%- endmacro %}

{% macro duckdb__json_text(object, key) -%}
    json_extract_string({{ object }}, '$.{{ key }}')
{%- endmacro %}
