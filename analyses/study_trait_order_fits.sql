-- Reproduces the study's counts and shares of drifts and transitions compatible with the order of each trait (fine-tune
-- edges, weighted).
-- `ours` follows the study's definition of the figure, and `published` is the study's value, one row per source.
with figures as (

    select
        'order_drifts_' || trait as figure,
        n_drifts_paper as ours
    from {{ ref('trait_ordering_fits') }}
    where relation = 'finetune' and weighting = 'weighted'
    union all
    select
        'order_drifts_compatible_' || trait as figure,
        n_drifts_compatible_paper as ours
    from {{ ref('trait_ordering_fits') }}
    where relation = 'finetune' and weighting = 'weighted'
    union all
    select
        'order_transitions_' || trait as figure,
        n_transitions_paper as ours
    from {{ ref('trait_ordering_fits') }}
    where relation = 'finetune' and weighting = 'weighted'
    union all
    select
        'order_transitions_compatible_' || trait as figure,
        n_transitions_compatible_paper as ours
    from {{ ref('trait_ordering_fits') }}
    where relation = 'finetune' and weighting = 'weighted'
    union all
    select
        'order_share_transitions_compatible_' || trait as figure,
        share_of_transitions_compatible_paper as ours
    from {{ ref('trait_ordering_fits') }}
    where relation = 'finetune' and weighting = 'weighted'

)

{{ beside_published('figures') }}
