with edges as (

    select * from {{ ref('int_paper_edges') }}

),

final as (

    select * from edges
    union all
    select
        parent_key,
        child_key,
        'all' as relation
    from edges

)

select * from final
