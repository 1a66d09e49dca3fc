{# Whether a word is in a list of words separated by |. #}
{% macro is_one_of(word, words) -%}
    '|' || {{ words }} || '|' like '%|' || {{ word }} || '|%'
{%- endmacro %}
