{{ config(materialized='incremental', incremental_strategy='append') }}

with checks as (

    select * from {{ ref('stg_hub__cards') }}
    {{ unread_records('card_id', text='card_id') }}

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
