{# ISO 8601 text to a timestamp in UTC; null if it is none. A plain cast to timestamp would drop the offset. #}
{% macro utc_timestamp(text) -%}
    {{ return(adapter.dispatch('utc_timestamp', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__utc_timestamp(text) -%}
    try_cast({{ text }} as timestamp with time zone) at time zone 'UTC'
{%- endmacro %}
