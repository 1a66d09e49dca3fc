{# ISO 8601 text to a timestamp in UTC; null if it is none. A plain cast to timestamp would drop the offset. #}
{% macro utc_timestamp(text) -%}
    {{ return(adapter.dispatch('utc_timestamp', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__utc_timestamp(text) -%}
    try_cast({{ text }} as timestamp with time zone) at time zone 'UTC'
{%- endmacro %}


{# The moment, in seconds since 1970, that a MongoDB object id begins with (8 hexadecimal digits); null if it has none. #}
{% macro object_id_seconds(object_id) -%}
    {{ return(adapter.dispatch('object_id_seconds', 'phylohub')(object_id)) }}
{%- endmacro %}

{% macro duckdb__object_id_seconds(object_id) -%}
    try_cast('0x' || left({{ object_id }}, 8) as bigint)
{%- endmacro %}
