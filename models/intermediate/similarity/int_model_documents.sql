with models as (

    select * from {{ ref('int_models_current') }}

),

records as (

    select * from {{ ref('stg_hub__records') }}

),

cards as (

    select * from {{ ref('int_cards_current') }}

),

final as (

    select
        models.model_key,
        records.record,
        cards.card
    from models
    inner join records
        on
            models.snapshot = records.snapshot
            and models.source_name = records.source_name
            and models.source_position = records.source_position
    left join cards on models.model_key = cards.model_key

)

select * from final
