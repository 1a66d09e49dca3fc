-- Reproduces the study's shares of available models, the ratio of downloads with and without a DOI, the formats among
-- models with weights, and the models per arXiv category.
-- `ours` follows the study's definition of the figure, and `published` is the study's value, one row per source.
with figures as (

    select
        'availability_' || feature as figure,
        share_of_models as ours
    from {{ ref('availability') }}
    union all
    select
        'availability_doi_download_ratio' as figure,
        mean_downloads_with / nullif(mean_downloads_without, 0) as ours
    from {{ ref('availability') }}
    where feature = 'doi'
    union all
    select
        'weight_format_' || format as figure,
        share_of_models_with_weights as ours
    from {{ ref('weight_formats') }}
    union all
    select
        'subject_models_' || category as figure,
        n_models as ours
    from {{ ref('paper_subjects') }}

)

{{ beside_published('figures') }}
