with checks as (

    select * from {{ ref('stg_hub__configs') }}
    where config is not null

),

models as (

    select * from {{ ref('int_models_current') }}

),

ranked as (

    select
        *,
        row_number() over (partition by model_id order by fetched_at desc, content_hash asc) as recency
    from checks

),

final as (

    select
        models.model_key,
        ranked.revision,
        ranked.fetched_at,
        ranked.config
    from models
    inner join ranked on models.model_id = ranked.model_id
    where ranked.recency = 1

)

select * from final
