{# Seconds since 1970, with fractions, of a timestamp in UTC. #}
{% macro epoch_seconds(timestamp) -%}
    {{ return(adapter.dispatch('epoch_seconds', 'phylohub')(timestamp)) }}
{%- endmacro %}

{% macro duckdb__epoch_seconds(timestamp) -%}
    extract(epoch from {{ timestamp }})
{%- endmacro %}


{# The quotient of two integers, rounded down. #}
{% macro whole_quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient', 'phylohub')(dividend, divisor)) }}
{%- endmacro %}

{% macro duckdb__whole_quotient(dividend, divisor) -%}
    {{ dividend }} // {{ divisor }}
{%- endmacro %}


{# Aggregate: a sum of doubles that is the same to the last bit whatever the order of rows, since it adds in the order of `keys`. #}
{% macro ordered_sum(value, keys) -%}
    {{ return(adapter.dispatch('ordered_sum', 'phylohub')(value, keys)) }}
{%- endmacro %}

{% macro duckdb__ordered_sum(value, keys) -%}
    sum({{ value }} order by {{ keys | join(', ') }})
{%- endmacro %}


{# All columns of a relation except some. #}
{% macro all_but(relation, columns) -%}
    {{ return(adapter.dispatch('all_but', 'phylohub')(relation, columns)) }}
{%- endmacro %}

{% macro duckdb__all_but(relation, columns) -%}
    * exclude ({{ columns | join(', ') }})
{%- endmacro %}


{# Follows `as` in a common table expression that a query reads twice: DuckDB would materialize it, and it holds a row per
   tag of every record. #}
{% macro not_materialized() -%}
    {{ return(adapter.dispatch('not_materialized', 'phylohub')()) }}
{%- endmacro %}

{% macro duckdb__not_materialized() -%}
    not materialized
{%- endmacro %}
