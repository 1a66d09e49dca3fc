with final as (

    select
        ---- keys
        drifts.trait,
        drifts.relation,
        drifts.from_value,
        drifts.to_value,

        ---- counts
        drifts.n_forward,
        drifts.n_backward,
        drifts.n_forward - drifts.n_backward as traffic,
        drifts.n_forward + drifts.n_backward as total,

        ---- uncertainty
        tests.p_value,
        tests.q_value,
        tests.share_forward_low,
        tests.share_forward_high,
        tests.n_families_effective,
        tests.share_of_largest_family,
        tests.interval_method
    from {{ ref('int_trait_drift_counts') }} as drifts
    inner join {{ ref('int_drift_significance') }} as tests
        on
            drifts.trait = tests.trait
            and drifts.relation = tests.relation
            and drifts.from_value = tests.from_value
            and drifts.to_value = tests.to_value
    where drifts.counting = 'ours'

)

select * from final
