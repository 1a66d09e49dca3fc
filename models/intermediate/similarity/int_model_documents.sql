with models as (

    select * from {{ ref('int_models_current') }}

),

records as (

    select * from {{ ref('stg_hub__contents') }}

),

cards as (

    select
        current_cards.model_key,
        checks.card
    from {{ ref('int_cards_current') }} as current_cards
    inner join {{ ref('stg_hub__cards') }} as checks on current_cards.card_id = checks.card_id

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
