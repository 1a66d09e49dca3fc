-- Reproduces the study's finding on drift between license categories (fine-tune edges), with the mean place of each
-- category in the order of licenses. The study publishes no figures for it.
select
    drifts.taxonomy,
    drifts.from_category,
    drifts.to_category,
    drifts.n_forward,
    drifts.n_backward,
    drifts.traffic,
    origins.mean_place as from_mean_place,
    targets.mean_place as to_mean_place
from {{ ref('license_category_drifts') }} as drifts
left join {{ ref('license_category_places') }} as origins
    on
        drifts.taxonomy = origins.taxonomy
        and drifts.relation = origins.relation
        and drifts.from_category = origins.category
        and origins.weighting = 'weighted'
left join {{ ref('license_category_places') }} as targets
    on
        drifts.taxonomy = targets.taxonomy
        and drifts.relation = targets.relation
        and drifts.to_category = targets.category
        and targets.weighting = 'weighted'
where drifts.relation = 'finetune'
order by drifts.taxonomy asc, drifts.traffic desc, drifts.from_category asc, drifts.to_category asc
