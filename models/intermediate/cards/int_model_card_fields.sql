with models as {{ not_materialized() }} (

    select * from {{ ref('int_models_current') }}

),

records as {{ not_materialized() }} (

    select * from {{ ref('int_records_parsed') }}

),

in_records as (

    select
        models.model_key,
        records.card_parents as parents,
        records.card_relation as relation,
        records.card_licenses as licenses,
        records.card_license_name as license_name,
        records.card_license_link as license_link
    from records
    inner join models on records.record_id = models.record_id
    where records.has_card_fields

),

in_fetched_cards as (

    select
        cards_current.model_key,
        card_fields.parents,
        card_fields.relation,
        card_fields.licenses,
        card_fields.license_name,
        card_fields.license_link
    from {{ ref('int_cards_current') }} as cards_current
    inner join {{ ref('int_card_fields') }} as card_fields on cards_current.card_id = card_fields.card_id
    inner join models on cards_current.model_key = models.model_key
    inner join records on models.record_id = records.record_id
    where not records.has_card_fields

),

final as (

    -- The Hub read the fields of the record from the same card, so a fetched card is read only where a record has none.
    select * from in_records
    union all
    select * from in_fetched_cards

)

select * from final
