with trait_overlaps as (

    select * from {{ ref('int_edge_trait_overlaps') }}
    where n_union is not null

),

final as (

    select
        'mutation_' || trait as measure,
        relation,
        family_key,
        sum(n_edges * (1 - n_shared / cast(n_union as double)) order by n_shared, n_union, n_edges) as numerator,
        sum(n_edges) as denominator
    from trait_overlaps
    group by trait, relation, family_key
    union all
    select
        'n_languages_parent' as measure,
        relation,
        family_key,
        sum(n_edges * n_parent) as numerator,
        sum(n_edges) as denominator
    from trait_overlaps
    where trait = 'language'
    group by relation, family_key
    union all
    select
        'n_languages_child' as measure,
        relation,
        family_key,
        sum(n_edges * n_child) as numerator,
        sum(n_edges) as denominator
    from trait_overlaps
    where trait = 'language'
    group by relation, family_key
    union all
    select
        'n_languages_change' as measure,
        relation,
        family_key,
        sum(n_edges * (n_child - n_parent)) as numerator,
        sum(n_edges) as denominator
    from trait_overlaps
    where trait = 'language'
    group by relation, family_key

)

select * from final
