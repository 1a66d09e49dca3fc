{# The kinds of int_tag_kinds. #}
{% macro tag_kinds() %}
    {{ return([
        'finetune', 'adapter', 'merge', 'quantized', 'bare', 'unknown', 'license', 'dataset', 'arxiv', 'doi', 'region',
        'flag', 'language', 'prefix', 'other',
    ]) }}
{% endmacro %}
