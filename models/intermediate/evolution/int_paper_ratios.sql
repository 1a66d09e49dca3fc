with trait_overlaps as (

    select * from {{ ref('int_paper_trait_overlaps') }}

),

final as (

    select
        trait,
        relation,
        cast(sum(n_edges) as bigint) as n_edges,
        {{ ordered_sum(
            'n_edges * (1 - n_shared_paper / cast(n_union_paper as double))',
            ['n_shared_paper', 'n_union_paper', 'n_parent_paper', 'n_child_paper', 'n_edges'],
        ) }} / sum(n_edges) as mutation_rate,
        sum(n_edges * n_parent_paper) / cast(sum(n_edges) as double) as n_values_parent,
        sum(n_edges * n_child_paper) / cast(sum(n_edges) as double) as n_values_child
    from trait_overlaps
    group by trait, relation

)

select * from final
