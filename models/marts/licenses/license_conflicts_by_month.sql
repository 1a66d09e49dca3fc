with lineages as (

    select * from {{ ref('int_license_consistency') }}

),

models as (

    select
        *,
        cast(date_trunc('month', created_at) as date) as month
    from {{ ref('int_model_facts') }}

),

final as (

    select
        models.month,
        {{ lineage_counts() }}
    from lineages
    inner join models on lineages.model_key = models.model_key
    where models.month is not null
    group by models.month

)

select * from final
