{#
    ISO 8601 text as a timestamp in UTC; null if it is not a time, or lies outside 1970 to 2099 (infinity, years before
    Christ, 9999): such a value is a mistake, and a calendar up to it would have millions of days. A cast to timestamp
    would drop the offset.
#}
{% macro utc_timestamp(text) -%}
    {{ return(adapter.dispatch('utc_timestamp', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__utc_timestamp(text) -%}
    case
        when
            try_cast({{ text }} as timestamp with time zone)
            between timestamptz '1970-01-01 00:00:00+00' and timestamptz '2099-12-31 23:59:59.999999+00'
            then try_cast({{ text }} as timestamp with time zone) at time zone 'UTC'
    end
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


{# A timestamp a number of microseconds later. #}
{% macro later_by_microseconds(timestamp, number) -%}
    {{ return(adapter.dispatch('later_by_microseconds', 'phylohub')(timestamp, number)) }}
{%- endmacro %}

{% macro duckdb__later_by_microseconds(timestamp, number) -%}
    {{ timestamp }} + to_microseconds({{ number }})
{%- endmacro %}
