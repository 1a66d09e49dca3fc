with estimates as (

    select * from {{ ref('int_ratio_estimates') }}
    where measure = 'mutation'

),

paper as (

    select * from {{ ref('int_paper_ratios') }}

),

final as (

    select
        coalesce(estimates.trait, paper.trait) as trait,
        coalesce(estimates.relation, paper.relation) as relation,
        coalesce(estimates.n_edges, 0) as n_edges,
        estimates.value as rate,
        estimates.value_low as rate_low,
        estimates.value_high as rate_high,
        estimates.n_families_effective,
        estimates.share_of_largest_family,
        estimates.interval_method,
        coalesce(paper.n_edges, 0) as n_edges_paper,
        paper.mutation_rate as rate_paper
    from estimates
    full outer join paper on estimates.trait = paper.trait and estimates.relation = paper.relation

)

select * from final
