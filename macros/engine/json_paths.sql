{# A key as a step of a path. Unusual keys are quoted and escaped as in JSON, long ones are shortened. #}
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
