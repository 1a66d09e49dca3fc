-- Reproduces the study's counts and shares of drifts and transitions compatible with the order of each trait (fine-tune
-- edges, weighted). Columns `published_...` are the study's figures.
with published as (

    select
        traits.trait,
        max(case when figures.figure = 'order_drifts_' || traits.trait then figures.published end) as n_drifts,
        max(case when figures.figure = 'order_drifts_compatible_' || traits.trait then figures.published end)
            as n_drifts_compatible,
        max(case when figures.figure = 'order_transitions_' || traits.trait then figures.published end)
            as n_transitions,
        max(case when figures.figure = 'order_transitions_compatible_' || traits.trait then figures.published end)
            as n_transitions_compatible,
        max(case when figures.figure = 'order_share_transitions_compatible_' || traits.trait then figures.published end)
            as share_of_transitions_compatible
    from {{ ref('traits') }} as traits
    cross join {{ ref('published_figures') }} as figures
    group by traits.trait

)

select
    fits.trait,
    fits.n_drifts,
    fits.n_drifts_compatible,
    fits.share_of_drifts_compatible,
    fits.n_transitions,
    fits.n_transitions_compatible,
    fits.share_of_transitions_compatible,
    published.n_drifts as published_drifts,
    published.n_drifts_compatible as published_drifts_compatible,
    published.n_transitions as published_transitions,
    published.n_transitions_compatible as published_transitions_compatible,
    coalesce(
        published.share_of_transitions_compatible,
        published.n_transitions_compatible / nullif(published.n_transitions, 0)
    ) as published_share_of_transitions_compatible
from {{ ref('trait_ordering_fits') }} as fits
left join published on fits.trait = published.trait
where fits.relation = 'finetune' and fits.weighting = 'weighted'
order by fits.trait
