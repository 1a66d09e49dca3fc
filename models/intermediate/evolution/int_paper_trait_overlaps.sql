with edges as (

    select * from {{ ref('int_paper_edges') }}

),

trait_overlaps as (

    select * from {{ ref('int_pair_trait_overlaps') }}
    where n_union_paper is not null

),

by_relation as (

    select * from edges
    union all
    select
        parent_key,
        child_key,
        'all' as relation
    from edges

),

final as (

    select
        trait_overlaps.trait,
        by_relation.relation,
        trait_overlaps.n_parent_paper,
        trait_overlaps.n_child_paper,
        trait_overlaps.n_shared_paper,
        trait_overlaps.n_union_paper,
        count(*) as n_edges
    from trait_overlaps
    inner join by_relation
        on trait_overlaps.parent_key = by_relation.parent_key and trait_overlaps.child_key = by_relation.child_key
    group by
        trait_overlaps.trait,
        by_relation.relation,
        trait_overlaps.n_parent_paper,
        trait_overlaps.n_child_paper,
        trait_overlaps.n_shared_paper,
        trait_overlaps.n_union_paper

)

select * from final
