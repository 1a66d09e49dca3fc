with trait_overlaps as (

    select * from {{ ref('int_edge_trait_overlaps') }}

),

mutations as (

    select
        'mutation' as measure,
        trait,
        'edge' as side,
        relation,
        family_key,
        {{ ordered_sum('n_edges * (1 - n_shared / cast(n_union as double))', ['n_shared', 'n_union', 'n_edges']) }}
            as numerator,
        sum(n_edges) as denominator
    from trait_overlaps
    group by trait, relation, family_key

),

languages as (

    {% for side, n_languages in [('parent', 'n_parent'), ('child', 'n_child'), ('change', 'n_child - n_parent')] %}
        select
            'n_languages' as measure,
            trait,
            '{{ side }}' as side,
            relation,
            family_key,
            sum(n_edges * ({{ n_languages }})) as numerator,
            sum(n_edges) as denominator
        from trait_overlaps
        where trait = 'language'
        group by trait, relation, family_key
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    select * from mutations
    union all
    select * from languages

)

select * from final
