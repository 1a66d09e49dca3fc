with models as (

    select count(*) as n_models from {{ ref('int_models_current') }}

),

cards as (

    select * from {{ ref('int_card_measures') }}

),

measured as (

    select
        count(*) as n_looked_for,
        count(has_card) as n_known,
        count(*) filter (where has_card) as n_with_card,
        count(*) filter (where has_card_paper) as n_with_card_paper,
        count(*) filter (where is_auto_generated) as n_auto_generated,
        count(n_characters) as n_cards_with_text,
        cast(sum(n_characters) as bigint) as n_characters,
        median(n_characters) as median_characters,
        min(n_characters) filter (where has_card_paper) as min_characters,
        max(n_characters) as max_characters,
        cast(sum(n_words) as bigint) as n_words,
        median(n_words) as median_words
    from cards

),

final as (

    select
        ---- counts and shares
        models.n_models,
        measured.n_looked_for,
        measured.n_known,
        measured.n_with_card,
        measured.n_with_card / nullif(measured.n_known, 0) as share_with_card,
        measured.n_with_card_paper / nullif(models.n_models, 0) as share_with_card_paper,
        measured.n_auto_generated / nullif(measured.n_cards_with_text, 0) as share_auto_generated,

        ---- length
        measured.n_characters / nullif(measured.n_cards_with_text, 0) as mean_characters,
        measured.median_characters,
        measured.min_characters,
        measured.max_characters,
        measured.n_words / nullif(measured.n_cards_with_text, 0) as mean_words,
        measured.median_words
    from measured
    cross join models

)

select * from final
