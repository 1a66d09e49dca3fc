{# The columns that count models with a declared parent by the consistency of their lineage. Reads
   `lineages` (int_license_consistency). #}
{% macro lineage_counts() -%}
    count(*) as n_models,
        count(*) filter (where lineages.lineage_status = 'consistent') as n_consistent,
        count(*) filter (where lineages.lineage_status = 'inconsistent') as n_inconsistent,
        count(*) filter (where lineages.lineage_status = 'unknown') as n_unknown,
        count(*) filter (where lineages.lineage_status = 'inconsistent') / cast(count(*) as double)
            as share_inconsistent,
        cast(coalesce(sum(lineages.downloads) filter (where lineages.lineage_status = 'inconsistent'), 0) as bigint)
            as downloads_inconsistent
{%- endmacro %}
