with cards as (

    select * from {{ ref('stg_hub__cards') }}
    {{ new_records_only('card_id', key='card_id') }}

),

final as (

    select
        card_id,
        {{ card_form('card') }} as form,
        length(card) as n_characters
    from cards
    where card is not null

)

select * from final
