-- Reproduces the study's statistics of model cards, and the means of card length, automatic generation and number of
-- languages of parents and children (all relations).
-- `ours` follows the study's definition of the figure, and `published` is the study's value, one row per source.
with figures as (

    select
        'card_share' as figure,
        share_with_card_paper as ours
    from {{ ref('card_stats') }}
    union all
    select
        'card_characters_mean' as figure,
        mean_characters as ours
    from {{ ref('card_stats') }}
    union all
    select
        'card_characters_median' as figure,
        median_characters as ours
    from {{ ref('card_stats') }}
    union all
    select
        'card_characters_min' as figure,
        min_characters as ours
    from {{ ref('card_stats') }}
    union all
    select
        'card_characters_max' as figure,
        max_characters as ours
    from {{ ref('card_stats') }}
    union all
    select
        'card_words_mean' as figure,
        mean_words as ours
    from {{ ref('card_stats') }}
    union all
    select
        'card_words_median' as figure,
        median_words as ours
    from {{ ref('card_stats') }}
    union all
    select
        'card_characters_parent_mean' as figure,
        n_characters_parent_mean_paper as ours
    from {{ ref('card_drift') }}
    where relation = 'all'
    union all
    select
        'card_characters_child_mean' as figure,
        n_characters_child_mean_paper as ours
    from {{ ref('card_drift') }}
    where relation = 'all'
    union all
    select
        'card_auto_generated_change' as figure,
        is_auto_generated_change_paper as ours
    from {{ ref('card_drift') }}
    where relation = 'all'
    union all
    select
        'languages_parent_mean' as figure,
        parent_mean_paper as ours
    from {{ ref('language_drift') }}
    where relation = 'all'
    union all
    select
        'languages_child_mean' as figure,
        child_mean_paper as ours
    from {{ ref('language_drift') }}
    where relation = 'all'

)

{{ beside_published('figures') }}
