with orders as (

    select * from {{ ref('int_trait_orders') }}

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

ranked as (

    select
        *,
        count(p_value) over (partition by counting, relation, weighting) as n_tests,
        row_number() over (
            partition by counting, relation, weighting order by p_value asc nulls last, trait asc
        ) as test_rank
    from solutions

),

final as (

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

)

select * from final
