{#
    The shape of a record: its JSON with a type's name in place of every value, items of an array merged into one. Two
    million records have few shapes, so what holds for a field is counted over shapes. Beyond 128 levels of nesting the
    engine refuses; the shape of such a record ends at its first level.
#}
{% macro record_shape(record) -%}
    {{ return(adapter.dispatch('record_shape', 'phylohub')(record)) }}
{%- endmacro %}

{% macro duckdb__record_shape(record) -%}
    coalesce(
        try(json_structure({{ record }})::varchar),
        '{' || array_to_string(
            list_distinct(list_transform(
                list_zip(json_keys({{ record }}), json_type({{ record }}, '$.*')),
                lambda member: to_json(member[1])::varchar || ':'
                || case member[2] when 'OBJECT' then '"JSON"' when 'ARRAY' then '["JSON"]' else to_json(member[2])::varchar end
            )),
            ','
        ) || '}'
    )
{%- endmacro %}


{# Two columns, key and value (JSON), one row for each member of an object. A key that stands twice gives two rows. #}
{% macro json_members(object) -%}
    {{ return(adapter.dispatch('json_members', 'phylohub')(object)) }}
{%- endmacro %}

{% macro duckdb__json_members(object) -%}
    unnest(json_keys({{ object }})) as key, unnest(json_extract({{ object }}, '$.*')) as value
{%- endmacro %}


{# One row for each item of an array, as JSON. #}
{% macro json_items(array) -%}
    {{ return(adapter.dispatch('json_items', 'phylohub')(array)) }}
{%- endmacro %}

{% macro duckdb__json_items(array) -%}
    unnest(json_extract({{ array }}, '$[*]'))
{%- endmacro %}


{# The only item of an array in a shape. #}
{% macro shape_item(shape) -%}
    {{ return(adapter.dispatch('shape_item', 'phylohub')(shape)) }}
{%- endmacro %}

{% macro duckdb__shape_item(shape) -%}
    json_extract({{ shape }}, '$[0]')
{%- endmacro %}


{# What a JSON value is: object, array or anything else (null). #}
{% macro json_container(value) -%}
    {{ return(adapter.dispatch('json_container', 'phylohub')(value)) }}
{%- endmacro %}

{% macro duckdb__json_container(value) -%}
    case json_type({{ value }}) when 'OBJECT' then 'object' when 'ARRAY' then 'array' end
{%- endmacro %}


{# The JSON type that a value of a shape stands for: string, integer, number (with a fraction or an exponent, or beyond
   64 bits), boolean, object, array, null, or mixed where the items of an array differ. `several` is true below arrays. #}
{% macro shape_type(value, several) -%}
    {{ return(adapter.dispatch('shape_type', 'phylohub')(value, several)) }}
{%- endmacro %}

{% macro duckdb__shape_type(value, several) -%}
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
            -- An object without members has no other name here; nor have items of several types.
            when 'JSON' then case when {{ several }} then 'mixed' else 'object' end
            else lower({{ value }} ->> '$')
        end
    )
{%- endmacro %}


{# A key as a step of a path: as it is if it is plain, else quoted and escaped as in JSON; cut if it is a long text. #}
{% macro path_step(key) -%}
    {{ return(adapter.dispatch('path_step', 'phylohub')(key)) }}
{%- endmacro %}

{% macro duckdb__path_step(key) -%}
    case
        when regexp_full_match({{ key }}, '[A-Za-z0-9_-]+') and length({{ key }}) <= 100 then {{ key }}
        when length({{ key }}) <= 100 then to_json({{ key }})::varchar
        else to_json(left({{ key }}, 60) || '... ' || md5({{ key }}))::varchar
    end
{%- endmacro %}


{# The step of a path that stands for all items of an array. #}
{% macro all_items() -%}
    '[]'
{%- endmacro %}
