with checks as (

    select * from {{ ref('stg_hub__cards') }}
    {{ new_records_only('card_id', key='card_id') }}

),

final as (

    select
        card_id,
        length(card) as n_characters,
        {{ count_words('card') }} as n_words,
        {{ is_auto_generated('card') }} as is_auto_generated
    from checks
    where card is not null

)

select * from final
