-- Mutation rates along fine-tune edges, under our count and the study's, beside the published ones.
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
