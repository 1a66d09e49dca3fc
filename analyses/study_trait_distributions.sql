-- Reproduces the study's shares of licenses and languages, of the models that report one, and its counts of models
-- trained on a dataset.
-- `ours` follows the study's definition of the figure, and `published` is the study's value, one row per source.
with figures as (

    select
        'license_share_apache_mit' as figure,
        sum(share_of_models_with_trait_paper) as ours
    from {{ ref('trait_distribution') }}
    where trait = 'license' and value in ('apache-2.0', 'mit')
    union all
    select
        'language_share_' || value as figure,
        share_of_models_with_trait_paper as ours
    from {{ ref('trait_distribution') }}
    where trait = 'language' and value in ('en', 'zh')
    union all
    select
        'dataset_models_' || value as figure,
        n_models_paper as ours
    from {{ ref('trait_distribution') }}
    where trait = 'dataset'

)

{{ beside_published('figures') }}
