with checks as (

    select * from {{ ref('stg_hub__cards') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

ranked as (

    -- The outcome comes from the newest check of the model. A check that finds the card unchanged has no text, so the
    -- text comes from the newest check that has one.
    select
        model_id,
        card_id,
        outcome,
        n_bytes is not null as has_text,
        row_number() over (partition by model_id order by fetched_at desc, source_name desc, card_id desc) as recency,
        row_number() over (
            partition by model_id, n_bytes is not null order by fetched_at desc, source_name desc, card_id desc
        ) as text_recency
    from checks

),

latest as (

    select
        model_id,
        max(case when recency = 1 then outcome end) as outcome,
        max(case when has_text and text_recency = 1 then card_id end) as card_id
    from ranked
    group by model_id

),

final as (

    select
        models.model_key,
        latest.outcome,
        -- Null if the model is gated, gone or disabled or the fetch failed: whether it has a card is unknown.
        case
            when latest.outcome in ('ok', 'unchanged', 'too large') then true
            when latest.outcome = 'none' then false
        end as has_card,
        case when latest.outcome in ('ok', 'unchanged') then latest.card_id end as card_id
    from models
    inner join latest on models.model_id = latest.model_id

)

select * from final
