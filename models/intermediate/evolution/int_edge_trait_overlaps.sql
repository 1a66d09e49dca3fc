with final as (

    -- Counts equal edges instead of summing their fractions: a sum of integers does not depend on the order in which
    -- threads add them.
    select
        trait_overlaps.trait,
        edges.relation,
        edges.family_key,
        trait_overlaps.n_parent,
        trait_overlaps.n_child,
        trait_overlaps.n_shared,
        trait_overlaps.n_union,
        count(*) as n_edges
    from {{ ref('int_pair_trait_overlaps') }} as trait_overlaps
    inner join {{ ref('int_evolution_edges') }} as edges
        on trait_overlaps.parent_key = edges.parent_key and trait_overlaps.child_key = edges.child_key
    where trait_overlaps.n_union is not null
    group by
        trait_overlaps.trait,
        edges.relation,
        edges.family_key,
        trait_overlaps.n_parent,
        trait_overlaps.n_child,
        trait_overlaps.n_shared,
        trait_overlaps.n_union

)

select * from final
