with orders as (

    select * from {{ ref('int_trait_orders') }}

),

counts as (

    select * from {{ ref('int_ordering_counts') }}

),

solutions as (

    select
        trait,
        relation,
        weighting,
        count(*) as n_values,
        max(optimum) as optimum,
        max(bound) as bound,
        bool_and(proven) as proven,
        bool_and(places_proven) as places_proven,
        max(share_of_drifts_compatible_low) as share_of_drifts_compatible_low,
        max(share_of_drifts_compatible_high) as share_of_drifts_compatible_high,
        max(share_of_transitions_compatible_low) as share_of_transitions_compatible_low,
        max(share_of_transitions_compatible_high) as share_of_transitions_compatible_high,
        max(n_resamples) as n_resamples,
        max(solver) as solver,
        max(seconds) as seconds
    from orders
    group by trait, relation, weighting

),

final as (

    select
        ---- keys
        solutions.trait,
        solutions.relation,
        solutions.weighting,

        ---- optimum
        solutions.n_values,
        solutions.optimum,
        solutions.bound,
        solutions.proven,
        solutions.places_proven,

        ---- fit
        coalesce(counts.n_drifts, 0) as n_drifts,
        coalesce(counts.n_drifts_compatible, 0) as n_drifts_compatible,
        counts.n_drifts_compatible / cast(nullif(counts.n_drifts, 0) as double) as share_of_drifts_compatible,
        solutions.share_of_drifts_compatible_low,
        solutions.share_of_drifts_compatible_high,
        coalesce(counts.n_transitions, 0) as n_transitions,
        coalesce(counts.n_transitions_compatible, 0) as n_transitions_compatible,
        counts.n_transitions_compatible / cast(nullif(counts.n_transitions, 0) as double)
            as share_of_transitions_compatible,
        solutions.share_of_transitions_compatible_low,
        solutions.share_of_transitions_compatible_high,
        solutions.n_resamples,

        ---- solver
        solutions.solver,
        solutions.seconds
    from solutions
    left join counts
        on
            solutions.trait = counts.trait
            and solutions.relation = counts.relation
            and solutions.weighting = counts.weighting

)

select * from final
