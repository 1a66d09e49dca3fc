{# The tags of a record as a list of text; empty if they are not a list. Read from the JSON when needed: a stored copy
   would take up much space. #}
{% macro record_tags(record) -%}
    {{ return(adapter.dispatch('record_tags', 'phylohub')(record)) }}
{%- endmacro %}

{% macro duckdb__record_tags(record) -%}
    json_extract_string({{ record }}, '$.tags[*]')
{%- endmacro %}
