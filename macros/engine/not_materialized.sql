{# Follows `as` in a CTE that is referenced more than once. DuckDB would materialize it, which is expensive for a CTE
   with a row per record and tag. #}
{% macro not_materialized() -%}
    {{ return(adapter.dispatch('not_materialized', 'phylohub')()) }}
{%- endmacro %}

{% macro duckdb__not_materialized() -%}
    not materialized
{%- endmacro %}
