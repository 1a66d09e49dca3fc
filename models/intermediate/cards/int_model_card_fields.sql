with models as (

    select * from {{ ref('int_models_current') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}

),

cards as (

    select
        cards_current.model_key,
        card_fields.*
    from {{ ref('int_cards_current') }} as cards_current
    inner join {{ ref('int_card_fields') }} as card_fields on cards_current.card_id = card_fields.card_id

),

final as (

    -- The Hub read the fields of the record from the same card, so a fetched card is read only where a record has none.
    select
        models.model_key,
        case when records.has_card_fields then records.card_parents else cards.parents end as parents,
        case when records.has_card_fields then records.card_relation else cards.relation end as relation,
        case when records.has_card_fields then records.card_licenses else cards.licenses end as licenses,
        case when records.has_card_fields then records.card_license_name else cards.license_name end as license_name,
        case when records.has_card_fields then records.card_license_link else cards.license_link end as license_link
    from models
    inner join records on models.record_id = records.record_id
    left join cards on models.model_key = cards.model_key
    where records.has_card_fields or cards.model_key is not null

)

select * from final
