{%- set n_characters = var('card_characters') -%}
with checks as (

    select * from {{ ref('stg_hub__cards') }}

),

texts as (

    select * from {{ ref('int_card_texts') }}

),

final as (

    -- The same rule as methods.cards.card_text, applied here so that Python does not read whole cards.
    select
        checks.card_id,
        {% if n_characters %}left(checks.card, {{ n_characters }}){% else %}checks.card{% endif %} as card
    from checks
    inner join texts on checks.card_id = texts.card_id
    where texts.n_characters >= {{ n_characters or 512 }} and not texts.is_auto_generated

)

select * from final
