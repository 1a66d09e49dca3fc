{#
    The shape of a record: its JSON with the name of its type in place of every value, and the items of an array
    merged into one. Millions of records have few shapes, so fields are counted per shape. A record with more than 128
    levels of nesting, which the engine refuses, keeps its first level only.
#}
{% macro record_shape(record) -%}
    {{ return(adapter.dispatch('record_shape', 'phylohub')(record)) }}
{%- endmacro %}

{% macro duckdb__record_shape(record) -%}
    {#- coalesce would compute both for every record; the engine computes what both branches name once. -#}
    case
        when try(json_structure({{ record }})::varchar) is not null then try(json_structure({{ record }})::varchar)
        else '{' || array_to_string(
            list_distinct(list_transform(
                list_zip(json_keys({{ record }}), json_type({{ record }}, '$.*')),
                lambda member: to_json(member[1])::varchar || ':'
                || case member[2]
                    when 'OBJECT' then '"JSON"'
                    when 'ARRAY' then '["JSON"]'
                    else to_json(member[2])::varchar
                end
            )),
            ','
        ) || '}'
    end
{%- endmacro %}


{# The merged item of an array in a shape. #}
{% macro shape_item(shape) -%}
    {{ return(adapter.dispatch('shape_item', 'phylohub')(shape)) }}
{%- endmacro %}

{% macro duckdb__shape_item(shape) -%}
    json_extract({{ shape }}, '$[0]')
{%- endmacro %}


{#
    The JSON type of a value in a shape: string, integer, number (with a fraction or an exponent, or beyond 64 bits),
    boolean, object, array, null, or mixed if the items of an array differ in type.
#}
{% macro shape_type(value, is_in_array) -%}
    {{ return(adapter.dispatch('shape_type', 'phylohub')(value, is_in_array)) }}
{%- endmacro %}

{% macro duckdb__shape_type(value, is_in_array) -%}
    coalesce(
        {{ json_container(value) }},
        case {{ value }} ->> '$'
            when 'VARCHAR' then 'string'
            when 'UBIGINT' then 'integer'
            when 'BIGINT' then 'integer'
            when 'HUGEINT' then 'integer'
            when 'DOUBLE' then 'number'
            when 'BOOLEAN' then 'boolean'
            when 'NULL' then 'null'
            -- Both an object without members and items of several types are called JSON.
            when 'JSON' then case when {{ is_in_array }} then 'mixed' else 'object' end
            else lower({{ value }} ->> '$')
        end
    )
{%- endmacro %}
