with cards as (

    select * from {{ ref('int_cards_current') }}

),

final as (

    select
        model_key,
        outcome,
        has_card,
        length(card) as n_characters,
        {{ count_words('card') }} as n_words,
        {{ is_auto_generated('card') }} as is_auto_generated,
        coalesce(length(card) > 3, false) as has_card_paper
    from cards

)

select * from final
