{# ISO 8601 text as a timestamp in UTC; null if it is not a time. A cast to timestamp would drop the offset. #}
{% macro utc_timestamp(text) -%}
    {{ return(adapter.dispatch('utc_timestamp', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__utc_timestamp(text) -%}
    try_cast({{ text }} as timestamp with time zone) at time zone 'UTC'
{%- endmacro %}


{# The time of creation in a MongoDB object id (its first 8 hexadecimal digits), in seconds since 1970; null if there
   is none. #}
{% macro object_id_seconds(object_id) -%}
    {{ return(adapter.dispatch('object_id_seconds', 'phylohub')(object_id)) }}
{%- endmacro %}

{% macro duckdb__object_id_seconds(object_id) -%}
    try_cast('0x' || left({{ object_id }}, 8) as bigint)
{%- endmacro %}


{# A timestamp in UTC as seconds since 1970, with fractions. #}
{% macro epoch_seconds(timestamp) -%}
    {{ return(adapter.dispatch('epoch_seconds', 'phylohub')(timestamp)) }}
{%- endmacro %}

{% macro duckdb__epoch_seconds(timestamp) -%}
    extract(epoch from {{ timestamp }})
{%- endmacro %}
