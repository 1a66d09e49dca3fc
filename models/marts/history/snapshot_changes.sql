with snapshots as (

    select * from {{ ref('int_snapshots') }}

),

compared as (

    select * from {{ ref('int_history_snapshots') }}

),

changes as (

    select * from {{ ref('int_model_changes') }}

),

-- Most models have a single change, so only the others are sorted.
models_with_several_changes as (

    select model_id from changes
    group by model_id
    having count(*) > 1

),

with_previous_record as (

    select
        changes.snapshot,
        changes.record_id,
        lag(changes.record_id) over (partition by changes.model_id order by changes.taken_at) as previous_record_id
    from changes
    inner join models_with_several_changes on changes.model_id = models_with_several_changes.model_id

),

changed as (

    select
        snapshot,
        count(*) as n_changed
    from with_previous_record
    where record_id is not null and previous_record_id is not null
    group by snapshot

),

counted as (

    select
        snapshot,
        count(record_id) as n_records,
        count(*) - count(record_id) as n_disappeared
    from changes
    group by snapshot

),

differences as (

    select
        compared.snapshot,
        compared.previous_snapshot,
        coalesce(counted.n_records, 0) - coalesce(changed.n_changed, 0) as n_appeared,
        coalesce(counted.n_disappeared, 0) as n_disappeared,
        coalesce(changed.n_changed, 0) as n_changed,
        cast(
            sum(coalesce(counted.n_records - counted.n_disappeared, 0) - coalesce(changed.n_changed, 0)) over (
                order by compared.taken_at, compared.snapshot
            ) as bigint
        ) as n_models
    from compared
    left join counted on compared.snapshot = counted.snapshot
    left join changed on compared.snapshot = changed.snapshot

),

other_snapshots as (

    select
        snapshot,
        count(distinct model_id) as n_models
    from {{ ref('int_records_listed') }}
    where snapshot not in (select compared.snapshot from compared)
    group by snapshot

),

final as (

    select
        snapshots.snapshot,
        snapshots.taken_at,
        snapshots.taken_from,
        snapshots.scope,
        snapshots.series,
        differences.previous_snapshot,
        coalesce(differences.n_models, other_snapshots.n_models, 0) as n_models,
        case when differences.previous_snapshot is not null then differences.n_appeared end as n_appeared,
        case when differences.previous_snapshot is not null then differences.n_disappeared end as n_disappeared,
        case when differences.previous_snapshot is not null then differences.n_changed end as n_changed,
        {{ hub_size('snapshots', 'coalesce(differences.n_models, other_snapshots.n_models, 0)') }} as hub_size,
        1e0 * coalesce(differences.n_models, other_snapshots.n_models, 0)
        / {{ hub_size('snapshots', 'coalesce(differences.n_models, other_snapshots.n_models, 0)') }} as share_of_hub,
        {{ not_compared_because('snapshots', 'differences.previous_snapshot', 'differences.snapshot is not null') }}
            as not_compared_because
    from snapshots
    left join differences on snapshots.snapshot = differences.snapshot
    left join other_snapshots on snapshots.snapshot = other_snapshots.snapshot

)

select * from final
