with children as (

    select distinct child_key from {{ ref('int_edge_set_edges') }}
    where edge_set = 'all'

),

months as (

    select
        cast(date_trunc('month', models.created_at) as date) as month,
        count(*) as n_models,
        count(children.child_key) as n_children,
        -- The Hub dates all older models to this second or the next.
        count(*) filter (
            where models.created_at between timestamp '2022-03-02 23:29:04' and timestamp '2022-03-02 23:29:05'
        ) as n_models_back_filled
    from {{ ref('int_models_current') }} as models
    left join children on models.model_key = children.child_key
    where models.created_at is not null
    group by month

),

final as (

    select
        month,
        n_models,
        n_children,
        n_models_back_filled,
        cast(sum(n_models) over (order by month) as bigint) as n_models_total
    from months

)

select * from final
