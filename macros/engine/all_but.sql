{# All columns of a relation except those listed. #}
{% macro all_but(relation, columns) -%}
    {{ return(adapter.dispatch('all_but', 'phylohub')(relation, columns)) }}
{%- endmacro %}

{% macro duckdb__all_but(relation, columns) -%}
    * exclude ({{ columns | join(', ') }})
{%- endmacro %}
