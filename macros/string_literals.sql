{# Texts as SQL string literals, separated by commas. #}
{% macro string_literals(texts) -%}
    {%- set literals = [] -%}
    {%- for text in texts -%}
        {%- do literals.append(dbt.string_literal(dbt.escape_single_quotes(text | string))) -%}
    {%- endfor -%}
    {{ return(literals | join(', ')) }}
{%- endmacro %}
