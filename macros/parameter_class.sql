{# The class of a model by its number of parameters. Null if the number is missing or not positive. #}
{% macro parameter_class(number) -%}
    case
        when {{ number }} <= 0 then null
        {% for name, below in [
            ('under 100M', '1e8'), ('100M to 1B', '1e9'), ('1B to 3B', '3e9'), ('3B to 10B', '1e10'),
            ('10B to 30B', '3e10'), ('30B to 100B', '1e11'),
        ] -%}
        when {{ number }} < {{ below }} then '{{ name }}'
        {% endfor -%}
        when {{ number }} is not null then '100B and more'
    end
{%- endmacro %}
