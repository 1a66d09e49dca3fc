{# A share as a percentage with one decimal, as text. #}
{% macro percent(share) -%}
    cast(cast(100 * ({{ share }}) as decimal(9, 1)) as string) || ' %'
{%- endmacro %}
