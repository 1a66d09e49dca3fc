{# The kinds of int_tag_kinds. #}
{% macro tag_kinds() %}
    {{ return([
        'finetune', 'adapter', 'merge', 'quantized', 'bare', 'unknown', 'license', 'dataset', 'arxiv', 'doi', 'region',
        'flag', 'language', 'prefix', 'other',
    ]) }}
{% endmacro %}


{# Measures of a snapshot's tags: name, count and total, as columns of int_snapshot_tag_measures. #}
{% macro tag_measures() %}
    {% set measures = [
        ('parents_in_hub', 'n_in_hub', 'n_parents'),
        ('parents_outside', '(n_parents - n_in_hub)', 'n_parents'),
        ('parents_in_other_case', 'n_in_other_case', 'n_parents'),
        ('parents_malformed', 'n_malformed_parents', 'n_parents'),
        ('relations_unknown', 'n_unknown', 'n_parents'),
        ('licenses_unknown', 'n_malformed_license', 'n_license'),
        ('papers_malformed', 'n_malformed_arxiv', 'n_arxiv'),
        ('prefixes_unknown', 'n_prefix', 'n_tags'),
        ('dataset_tags', 'n_of_dataset', 'n_records'),
    ] %}
    {% for kind in tag_kinds() %}
        {% do measures.append(('tags_' ~ kind, 'n_' ~ kind, '1')) %}
        {% do measures.append(('distinct_' ~ kind, 'n_distinct_' ~ kind, '1')) %}
    {% endfor %}
    {{ return(measures) }}
{% endmacro %}
