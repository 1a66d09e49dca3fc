with models as (

    select * from {{ ref('int_models_current') }}

),

records as (

    select * from {{ ref('stg_hub__contents') }}

),

cards as (

    select * from {{ ref('int_cards_current') }}

),

final as (

    select
        models.model_key,
        models.record_id,
        records.record,
        cards.card
    from models
    inner join records on models.record_id = records.record_id
    left join cards on models.model_key = cards.model_key

)

select * from final
