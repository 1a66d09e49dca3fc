-- Reproduces the study's orders of licenses, languages, tasks and libraries (fine-tune edges, weighted), by the study's
-- count of transitions. `published_place` is the value's place in the study's order.
select
    orderings.trait,
    orderings.place,
    orderings.value,
    orderings.earliest_place,
    orderings.latest_place,
    published.place as published_place
from {{ ref('trait_orderings_paper') }} as orderings
left join {{ ref('published_orders') }} as published
    on orderings.trait = published.trait and orderings.value = published.value
where orderings.weighting = 'weighted'
order by orderings.trait, orderings.place
