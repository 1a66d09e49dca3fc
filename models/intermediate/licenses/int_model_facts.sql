with models as (

    select * from {{ ref('int_models_current') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}

),

final as (

    select
        models.model_key,
        models.model_id,
        coalesce(records.author, nullif(split_part(models.model_id, '/', 1), models.model_id)) as author,
        coalesce(records.downloads, 0) as downloads,
        models.created_at
    from models
    inner join records on models.record_id = records.record_id

)

select * from final
