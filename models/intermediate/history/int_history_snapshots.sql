with snapshots as (

    select * from {{ ref('int_snapshots') }}

),

current_snapshot as (

    select snapshots.*
    from snapshots
    inner join {{ ref('int_snapshots_current') }} as current_snapshots
        on snapshots.snapshot = current_snapshots.snapshot

),

final as (

    select
        snapshots.snapshot,
        snapshots.completed_at,
        snapshots.taken_at,
        lag(snapshots.snapshot) over (order by snapshots.taken_at, snapshots.snapshot) as previous_snapshot
    from snapshots
    inner join current_snapshot
        on
            snapshots.snapshot = current_snapshot.snapshot
            or (
                current_snapshot.has_known_scope
                and snapshots.series = current_snapshot.series
                and snapshots.scope = current_snapshot.scope
            )

)

select * from final
