{# A query with one row per day, in the column `day`, from the first to the last date (both scalar subqueries). #}
{% macro days_between(first, last) -%}
    {{ return(adapter.dispatch('days_between', 'phylohub')(first, last)) }}
{%- endmacro %}

{% macro duckdb__days_between(first, last) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date) as day
{%- endmacro %}
