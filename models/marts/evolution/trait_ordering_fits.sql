with orders as (

    select * from {{ ref('int_trait_orders') }}

),

counts as (

    select * from {{ ref('int_ordering_counts') }}

),

solutions as (

    select
        counting,
        trait,
        relation,
        weighting,
        count(*) as n_values,
        max(optimum) as optimum,
        max(bound) as bound,
        bool_and(proven) as proven,
        bool_and(places_proven) as places_proven,
        max(share_of_drifts_held_out) as share_of_drifts_held_out,
        max(share_of_drifts_compatible_low) as share_of_drifts_compatible_low,
        max(share_of_drifts_compatible_high) as share_of_drifts_compatible_high,
        max(share_of_transitions_held_out) as share_of_transitions_held_out,
        max(share_of_transitions_compatible_low) as share_of_transitions_compatible_low,
        max(share_of_transitions_compatible_high) as share_of_transitions_compatible_high,
        max(interval_method) as interval_method,
        max(n_resamples) as n_resamples,
        max(n_families_effective) as n_families_effective,
        max(share_of_largest_family) as share_of_largest_family,
        max(null_mean) as null_mean,
        max(null_high) as null_high,
        max(null_mean_of_drifts) as null_mean_of_drifts,
        max(null_high_of_drifts) as null_high_of_drifts,
        max(p_value) as p_value,
        max(n_null_orders) as n_null_orders,
        max(solver) as solver,
        max(seconds) as seconds
    from orders
    group by counting, trait, relation, weighting

),

fits as (

    select
        solutions.*,
        coalesce(counts.n_drifts, 0) as n_drifts,
        coalesce(counts.n_drifts_compatible, 0) as n_drifts_compatible,
        counts.n_drifts_compatible / cast(nullif(counts.n_drifts, 0) as double) as share_of_drifts_compatible,
        coalesce(counts.n_transitions, 0) as n_transitions,
        coalesce(counts.n_transitions_compatible, 0) as n_transitions_compatible,
        counts.n_transitions_compatible / cast(nullif(counts.n_transitions, 0) as double)
            as share_of_transitions_compatible
    from solutions
    left join counts
        on
            solutions.counting = counts.counting
            and solutions.trait = counts.trait
            and solutions.relation = counts.relation
            and solutions.weighting = counts.weighting

),

ranked as (

    select
        *,
        case weighting when 'weighted' then share_of_transitions_compatible else share_of_drifts_compatible end
        - null_mean as excess_over_null,
        count(p_value) over (partition by counting, relation, weighting) as n_tests,
        row_number() over (partition by counting, relation, weighting order by p_value asc nulls last, trait asc)
            as test_rank
    from fits

),

tested as (

    -- Benjamini-Hochberg over the traits of one relation and weighting.
    select
        *,
        case
            when p_value is not null
                then min(p_value * n_tests / test_rank) over (
                    partition by counting, relation, weighting
                    order by test_rank desc
                    rows between unbounded preceding and current row
                )
        end as q_value
    from ranked

),

final as (

    select
        ---- keys
        ours.trait,
        ours.relation,
        ours.weighting,

        ---- optimum
        ours.n_values,
        ours.optimum,
        ours.bound,
        ours.proven,
        ours.places_proven,

        ---- fit
        ours.n_drifts,
        ours.n_drifts_compatible,
        ours.share_of_drifts_compatible,
        ours.share_of_drifts_held_out,
        ours.share_of_drifts_compatible_low,
        ours.share_of_drifts_compatible_high,
        ours.n_transitions,
        ours.n_transitions_compatible,
        ours.share_of_transitions_compatible,
        ours.share_of_transitions_held_out,
        ours.share_of_transitions_compatible_low,
        ours.share_of_transitions_compatible_high,
        ours.interval_method,
        ours.n_families_effective,
        ours.share_of_largest_family,
        ours.n_resamples,

        ---- chance
        ours.null_mean,
        ours.null_high,
        ours.excess_over_null,
        ours.null_mean_of_drifts,
        ours.null_high_of_drifts,
        ours.p_value,
        ours.q_value,
        ours.n_null_orders,

        ---- fit by the study's count
        paper.n_values as n_values_paper,
        paper.optimum as optimum_paper,
        paper.n_drifts as n_drifts_paper,
        paper.n_drifts_compatible as n_drifts_compatible_paper,
        paper.share_of_drifts_compatible as share_of_drifts_compatible_paper,
        paper.n_transitions as n_transitions_paper,
        paper.n_transitions_compatible as n_transitions_compatible_paper,
        paper.share_of_transitions_compatible as share_of_transitions_compatible_paper,

        ---- solver
        ours.solver,
        ours.seconds
    from tested as ours
    left join fits as paper
        on
            ours.trait = paper.trait
            and ours.relation = paper.relation
            and ours.weighting = paper.weighting
            and paper.counting = 'paper'
    where ours.counting = 'ours'

)

select * from final
