with estimates as (

    select * from {{ ref('int_ratio_estimates') }}
    where measure = 'n_languages'

),

ours as (

    select
        relation,
        max(n_edges) as n_edges,
        max(case when side = 'parent' then value end) as parent_mean,
        max(case when side = 'child' then value end) as child_mean,
        max(case when side = 'change' then value end) as change,
        max(case when side = 'change' then value_low end) as change_low,
        max(case when side = 'change' then value_high end) as change_high,
        max(case when side = 'change' then n_families_effective end) as n_families_effective,
        max(case when side = 'change' then share_of_largest_family end) as share_of_largest_family,
        max(case when side = 'change' then interval_method end) as interval_method
    from estimates
    group by relation

),

paper as (

    select * from {{ ref('int_paper_ratios') }}
    where trait = 'language'

),

final as (

    select
        coalesce(ours.relation, paper.relation) as relation,
        coalesce(ours.n_edges, 0) as n_edges,
        ours.parent_mean,
        ours.child_mean,
        ours.change,
        ours.change_low,
        ours.change_high,
        ours.n_families_effective,
        ours.share_of_largest_family,
        ours.interval_method,
        coalesce(paper.n_edges, 0) as n_edges_paper,
        paper.n_values_parent as parent_mean_paper,
        paper.n_values_child as child_mean_paper,
        paper.n_values_child - paper.n_values_parent as change_paper
    from ours
    full outer join paper on ours.relation = paper.relation

)

select * from final
