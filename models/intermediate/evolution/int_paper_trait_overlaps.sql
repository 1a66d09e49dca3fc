with edges as (

    select * from {{ ref('int_paper_edges_by_relation') }}

),

trait_overlaps as (

    select * from {{ ref('int_pair_trait_overlaps') }}
    where n_union_paper is not null

),

final as (

    select
        trait_overlaps.trait,
        edges.relation,
        trait_overlaps.n_parent_paper,
        trait_overlaps.n_child_paper,
        trait_overlaps.n_shared_paper,
        trait_overlaps.n_union_paper,
        count(*) as n_edges
    from trait_overlaps
    inner join edges
        on trait_overlaps.parent_key = edges.parent_key and trait_overlaps.child_key = edges.child_key
    group by
        trait_overlaps.trait,
        edges.relation,
        trait_overlaps.n_parent_paper,
        trait_overlaps.n_child_paper,
        trait_overlaps.n_shared_paper,
        trait_overlaps.n_union_paper

)

select * from final
