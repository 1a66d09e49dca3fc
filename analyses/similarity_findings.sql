-- How alike relatives are by TF-IDF, beside what the study's figure shows for the records' text.
with published as (

    select
        'random' as relation,
        0.12 as published
    union all
    select
        'parent_child' as relation,
        0.64 as published
    union all
    select
        'siblings' as relation,
        0.84 as published
    union all
    select
        'grandparent' as relation,
        0.58 as published
    union all
    select
        'great_grandparent' as relation,
        0.59 as published
    union all
    select
        'uncle_nephew' as relation,
        0.59 as published

)

select
    estimates.artifact,
    estimates.shape,
    estimates.pair,
    estimates.relation,
    estimates.generation_gap,
    estimates.distance,
    estimates.n,
    estimates.mean,
    estimates.mean_low,
    estimates.mean_high,
    case when estimates.artifact = 'metadata' then published.published end as published
from {{ ref('similarity_estimates') }} as estimates
left join published on estimates.relation = published.relation
where estimates.measure = 'tfidf'
order by estimates.artifact asc, estimates.mean desc, estimates.shape asc, estimates.pair asc
