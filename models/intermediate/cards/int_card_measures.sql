with cards as (

    select * from {{ ref('int_cards_current') }}

),

texts as (

    select * from {{ ref('int_card_texts') }}

),

final as (

    select
        cards.model_key,
        cards.outcome,
        cards.has_card,
        texts.n_characters,
        texts.n_words,
        texts.is_auto_generated,
        coalesce(texts.n_characters > 3, false) as has_card_paper
    from cards
    left join texts on cards.card_id = texts.card_id

)

select * from final
