-- Reproduces the study's mutation rates of licenses, languages and tasks (fine-tune edges). Our own rates and their
-- intervals are in the mart mutation_rates.
-- `ours` follows the study's definition of the figure, and `published` is the study's value, one row per source.
with figures as (

    select
        'mutation_edges_' || trait as figure,
        n_edges_paper as ours
    from {{ ref('mutation_rates') }}
    where relation = 'finetune'
    union all
    select
        'mutation_rate_' || trait as figure,
        rate_paper as ours
    from {{ ref('mutation_rates') }}
    where relation = 'finetune'

)

{{ beside_published('figures') }}
