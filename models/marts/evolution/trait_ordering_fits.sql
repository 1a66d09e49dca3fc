with solutions as (

    select * from {{ ref('int_ordering_solutions') }}

),

counts as (

    select * from {{ ref('int_ordering_counts') }}

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
        case ours.weighting
            when 'weighted' then ours.share_of_transitions_compatible
            else ours.share_of_drifts_compatible
        end - ours.null_mean as excess_over_null,
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
    from fits as ours
    left join fits as paper
        on
            ours.trait = paper.trait
            and ours.relation = paper.relation
            and ours.weighting = paper.weighting
            and paper.counting = 'paper'
    where ours.counting = 'ours'

)

select * from final
