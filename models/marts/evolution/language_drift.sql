with estimates as (

    select * from {{ ref('int_ratio_estimates') }}
    where starts_with(measure, 'n_languages_')

),

final as (

    select
        relation,
        max(n_edges) as n_edges,
        max(case when measure = 'n_languages_parent' then value end) as parent_mean,
        max(case when measure = 'n_languages_child' then value end) as child_mean,
        max(case when measure = 'n_languages_change' then value end) as change,
        max(case when measure = 'n_languages_change' then value_low end) as change_low,
        max(case when measure = 'n_languages_change' then value_high end) as change_high
    from estimates
    group by relation

)

select * from final
