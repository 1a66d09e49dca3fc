{# The series of a snapshot: the name of its source with the date replaced by DATE. #}
{% macro source_series(source_name) -%}
    {{ return(adapter.dispatch('source_series', 'phylohub')(source_name)) }}
{%- endmacro %}

{% macro duckdb__source_series(source_name) -%}
    regexp_replace({{ source_name }}, '20[0-9]{2}[-_.]?(0[1-9]|1[0-2])([-_.]?[0-3][0-9])?', 'DATE', 'g')
{%- endmacro %}
