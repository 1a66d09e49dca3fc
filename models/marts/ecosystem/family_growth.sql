with models as (

    select * from {{ ref('int_models_current') }}

),

months as (

    select
        members.edge_set,
        members.family_key,
        cast(date_trunc('month', models.created_at) as date) as month,
        count(*) as n_models
    from {{ ref('int_model_families') }} as members
    inner join models on members.model_key = models.model_key
    where models.created_at is not null
    group by members.edge_set, members.family_key, month

),

final as (

    select
        months.edge_set,
        models.model_id as family_id,
        months.month,
        months.n_models,
        cast(
            sum(months.n_models) over (partition by months.edge_set, months.family_key order by months.month) as bigint
        ) as n_models_total
    from months
    inner join {{ ref('int_family_roots') }} as family_roots
        on months.edge_set = family_roots.edge_set and months.family_key = family_roots.family_key
    inner join models on family_roots.main_root_key = models.model_key

)

select * from final
