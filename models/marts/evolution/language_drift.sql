with estimates as (

    select * from {{ ref('int_ratio_estimates') }}
    where measure = 'n_languages'

),

final as (

    select
        relation,
        max(n_edges) as n_edges,
        max(case when side = 'parent' then value end) as parent_mean,
        max(case when side = 'child' then value end) as child_mean,
        max(case when side = 'change' then value end) as change,
        max(case when side = 'change' then value_low end) as change_low,
        max(case when side = 'change' then value_high end) as change_high
    from estimates
    group by relation

)

select * from final
