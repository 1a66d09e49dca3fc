with snapshots as (

    select * from {{ ref('stg_hub__snapshots') }}
    where completed_at is not null

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

final as (

    select
        snapshots.snapshot,
        snapshots.taken_at,
        cast(
            sum(coalesce(counted.n_records - counted.n_disappeared, 0) - coalesce(changed.n_changed, 0)) over (
                order by snapshots.taken_at, snapshots.snapshot
            ) as bigint
        ) as n_models,
        coalesce(counted.n_records, 0) - coalesce(changed.n_changed, 0) as n_appeared,
        coalesce(counted.n_disappeared, 0) as n_disappeared,
        coalesce(changed.n_changed, 0) as n_changed
    from snapshots
    left join counted on snapshots.snapshot = counted.snapshot
    left join changed on snapshots.snapshot = changed.snapshot

)

select * from final
