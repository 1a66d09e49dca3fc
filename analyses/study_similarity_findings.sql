-- Reproduces the study's figure of TF-IDF similarity between relatives. `published` holds the values read off that
-- figure, which covers metadata only; rows for cards have none. The study draws and compares as we do.
select
    estimates.artifact,
    estimates.shape,
    estimates.pair,
    estimates.relation,
    estimates.generation_gap,
    estimates.distance,
    estimates.n,
    estimates.mean,
    estimates.mean_low,
    estimates.mean_high,
    published.published,
    published.source
from {{ ref('similarity_estimates') }} as estimates
left join {{ ref('published_figures') }} as published
    on
        'similarity_tfidf_' || estimates.relation = published.figure
        and estimates.artifact = 'metadata'
where estimates.measure = 'tfidf'
order by estimates.artifact asc, estimates.mean desc, estimates.shape asc, estimates.pair asc
