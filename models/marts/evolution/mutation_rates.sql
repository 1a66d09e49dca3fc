with estimates as (

    select * from {{ ref('int_ratio_estimates') }}
    where measure = 'mutation'

),

trait_overlaps as (

    select * from {{ ref('int_edge_trait_overlaps') }}

),

paper as (

    select
        trait,
        relation,
        cast(sum(n_edges) as bigint) as n_edges,
        {{ ordered_sum(
            'n_edges * (1 - n_shared_paper / cast(n_union_paper as double))',
            ['n_shared_paper', 'n_union_paper', 'n_edges'],
        ) }} / sum(n_edges) as rate
    from trait_overlaps
    where is_paper_edge and n_union_paper is not null
    group by trait, relation

),

final as (

    select
        coalesce(estimates.trait, paper.trait) as trait,
        coalesce(estimates.relation, paper.relation) as relation,
        coalesce(estimates.n_edges, 0) as n_edges,
        estimates.value as rate,
        estimates.value_low as rate_low,
        estimates.value_high as rate_high,
        coalesce(paper.n_edges, 0) as n_edges_paper,
        paper.rate as rate_paper
    from estimates
    full outer join paper on estimates.trait = paper.trait and estimates.relation = paper.relation

)

select * from final
