-- How well one order explains the drift of each trait (fine-tune edges, weighted), beside the published figures.
with published as (

    select
        traits.trait,
        max(case when figures.figure = 'order_drifts_' || traits.trait then figures.published end) as n_drifts,
        max(case when figures.figure = 'order_drifts_compatible_' || traits.trait then figures.published end)
            as n_drifts_compatible,
        max(case when figures.figure = 'order_mutations_' || traits.trait then figures.published end) as n_mutations,
        max(case when figures.figure = 'order_mutations_compatible_' || traits.trait then figures.published end)
            as n_mutations_compatible,
        max(case when figures.figure = 'order_share_mutations_compatible_' || traits.trait then figures.published end)
            as share_of_mutations_compatible
    from {{ ref('traits') }} as traits
    cross join {{ ref('published_figures') }} as figures
    group by traits.trait

)

select
    fits.trait,
    fits.n_drifts,
    fits.n_drifts_compatible,
    fits.share_of_drifts_compatible,
    fits.n_mutations,
    fits.n_mutations_compatible,
    fits.share_of_mutations_compatible,
    published.n_drifts as published_drifts,
    published.n_drifts_compatible as published_drifts_compatible,
    published.n_mutations as published_mutations,
    published.n_mutations_compatible as published_mutations_compatible,
    coalesce(
        published.share_of_mutations_compatible, published.n_mutations_compatible / nullif(published.n_mutations, 0)
    ) as published_share_of_mutations_compatible
from {{ ref('trait_ordering_fits') }} as fits
left join published on fits.trait = published.trait
where fits.relation = 'finetune' and fits.weighting = 'weighted'
order by fits.trait
