-- Reproduces the study's mutation rates of licenses, languages and tasks (fine-tune edges), by our count and by the
-- study's (`..._paper`). Columns `published_...` are the study's figures.
select
    rates.trait,
    rates.n_edges,
    rates.rate,
    rates.rate_low,
    rates.rate_high,
    rates.n_edges_paper,
    rates.rate_paper,
    published_edges.published as published_edges,
    published_rates.published as published_rate
from {{ ref('mutation_rates') }} as rates
left join {{ ref('published_figures') }} as published_edges
    on 'mutation_edges_' || rates.trait = published_edges.figure
left join {{ ref('published_figures') }} as published_rates
    on 'mutation_rate_' || rates.trait = published_rates.figure
where rates.relation = 'finetune'
order by rates.trait
