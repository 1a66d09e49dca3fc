{# A share as it stands in a sentence. #}
{% macro percent(share) -%}
    cast(cast(100 * ({{ share }}) as decimal(9, 1)) as string) || ' %'
{%- endmacro %}


{# A word among words that are separated by |. #}
{% macro is_one_of(word, words) -%}
    '|' || {{ words }} || '|' like '%|' || {{ word }} || '|%'
{%- endmacro %}
