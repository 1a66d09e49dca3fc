with cards as (

    select * from {{ ref('stg_hub__cards') }}

),

ranked as (

    select
        model_id,
        outcome,
        n_bytes,
        row_number() over (partition by model_id order by fetched_at desc, source_name desc, card_id desc) as recency
    from cards

),

latest as (

    select
        model_id,
        bool_or(n_bytes > 0) as had_text,
        bool_or(recency = 1 and outcome = 'ok' and n_bytes = 0) as is_empty,
        bool_or(recency = 1 and outcome = 'none') as has_no_card
    from ranked
    group by model_id

),

final as (

    -- A check that finds the card unchanged brings no text, and is no loss.
    select
        count(*) filter (where had_text or is_empty) as n_cards,
        count(*) filter (where is_empty or (had_text and has_no_card)) as n_emptied
    from latest

)

select * from final
