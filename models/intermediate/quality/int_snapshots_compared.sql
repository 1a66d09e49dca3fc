{%- set passed_names = passed_snapshots() -%}
with accepted as (

    -- A loss of models that a user accepted starts a new baseline.
    select snapshot
    from {{ ref('accepted_findings') }}
    where measure = 'models_lost'

),

current_snapshot as (

    select
        totals.snapshot,
        totals.completed_at,
        totals.n_models,
        snapshots.taken_at,
        snapshots.series,
        snapshots.scope
    from {{ ref('int_snapshot_totals') }} as totals
    inner join {{ ref('int_snapshots_selected') }} as selected on totals.snapshot = selected.snapshot
    inner join {{ ref('int_snapshots') }} as snapshots on totals.snapshot = snapshots.snapshot

),

earlier as (

    -- Earlier by the time that they show, not by landing: an older dump may land after a newer one.
    -- Ignores the totals of snapshots that have since been dropped or completed again, and snapshots that the gate has
    -- refused: the next one would be compared with what is wrong. Samples hold other models each time. Snapshots whose
    -- scope is unknown are compared: a check too many can be accepted, a wrong number cannot be seen.
    select
        totals.*,
        snapshots.taken_at,
        totals.snapshot in (select accepted.snapshot from accepted) as is_accepted
    from {{ ref('int_snapshot_totals') }} as totals
    inner join {{ ref('int_snapshots') }} as snapshots
        on totals.snapshot = snapshots.snapshot and totals.completed_at = snapshots.completed_at
    inner join current_snapshot
        on
            snapshots.series = current_snapshot.series
            and snapshots.scope = current_snapshot.scope
            and snapshots.scope <> 'sample'
            and (
                snapshots.taken_at < current_snapshot.taken_at
                or (
                    snapshots.taken_at = current_snapshot.taken_at
                    and totals.snapshot < current_snapshot.snapshot
                )
            )
    {%- if passed_names %}
        where totals.snapshot in ({{ passed_names }})
    {%- endif %}

),

previous as (

    select *
    from earlier
    order by taken_at desc, snapshot desc
    limit 1

),

last_accepted as (

    select max(taken_at) as taken_at
    from earlier
    where is_accepted

),

largest as (

    -- The largest snapshot, not the previous one: otherwise the second of two losses would be compared with the first.
    select earlier.*
    from earlier
    cross join last_accepted
    where last_accepted.taken_at is null or earlier.taken_at >= last_accepted.taken_at
    order by earlier.n_models desc, earlier.taken_at desc, earlier.snapshot desc
    limit 1

),

final as (

    select
        current_snapshot.snapshot,
        current_snapshot.completed_at,
        current_snapshot.series,
        current_snapshot.n_models,
        previous.snapshot as previous_snapshot,
        previous.taken_at as previous_taken_at,
        previous.n_models as n_models_previous,
        largest.snapshot as largest_snapshot,
        largest.n_models as n_models_largest
    from current_snapshot
    left join previous on true
    left join largest on true

)

select * from final
