-- Reproduces the study's shares of available models, the ratio of downloads with and without a DOI, and the models per
-- arXiv category. `published` is the study's figure.
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
        'subject_models_' || category as figure,
        n_models as ours
    from {{ ref('paper_subjects') }}

)

select
    published.figure,
    figures.ours,
    published.published,
    published.unit
from {{ ref('published_figures') }} as published
inner join figures on published.figure = figures.figure
order by published.figure
