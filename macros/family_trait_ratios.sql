{#
    Sums over the edges of each family, from a relation of edges counted by the numbers of values of parent and child:
    mutations, and numbers of languages of parents, children and their difference.
#}
{% macro family_trait_ratios(trait_overlaps) -%}
    select
        'mutation' as measure,
        trait,
        'edge' as side,
        relation,
        family_key,
        {{ ordered_sum('n_edges * (1 - n_shared / cast(n_union as double))', ['n_shared', 'n_union', 'n_edges']) }}
            as numerator,
        sum(n_edges) as denominator
    from {{ trait_overlaps }}
    group by trait, relation, family_key
    {%- for side, n_languages in [('parent', 'n_parent'), ('child', 'n_child'), ('change', 'n_child - n_parent')] %}
    union all
    select
        'n_languages' as measure,
        trait,
        '{{ side }}' as side,
        relation,
        family_key,
        sum(n_edges * ({{ n_languages }})) as numerator,
        sum(n_edges) as denominator
    from {{ trait_overlaps }}
    where trait = 'language'
    group by trait, relation, family_key
    {%- endfor %}
{%- endmacro %}
