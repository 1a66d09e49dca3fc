with changes as (

    select * from {{ ref('int_rate_changes') }}

),

snapshots_compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

final as (

    select
        ---- keys
        changes.measure,
        changes.trait,
        changes.relation,

        ---- snapshots
        snapshots_compared.previous_snapshot,
        snapshots_compared.snapshot,

        ---- rates
        changes.n_edges_compared as n_edges_previous,
        changes.n_edges,
        changes.value_compared as value_previous,
        changes.value,

        ---- change of the rate
        changes.difference as change,
        changes.low as change_low,
        changes.high as change_high,
        changes.n_families_effective,
        changes.share_of_largest_family,
        changes.interval_method
    from changes
    cross join snapshots_compared

)

select * from final
