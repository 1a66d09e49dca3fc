with models as (

    select * from {{ ref('int_models_current') }}

),

records as (

    select * from {{ ref('stg_hub__records') }}

),

cards as (

    select * from {{ ref('int_cards_current') }}

),

compared_cards as (

    select * from {{ ref('int_compared_cards') }}

),

final as (

    select
        models.model_key,
        models.record_id,
        records.record,
        compared_cards.card_id,
        compared_cards.card
    from models
    inner join records on models.record_id = records.record_id
    left join cards on models.model_key = cards.model_key
    left join compared_cards on cards.card_id = compared_cards.card_id

)

select * from final
