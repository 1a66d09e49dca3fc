with snapshots as (

    select * from {{ ref('stg_hub__snapshots') }}
    where completed_at is not null

),

changes as (

    select
        snapshot,
        record_id,
        lag(record_id) over (partition by model_id order by taken_at) as record_id_before
    from {{ ref('int_model_changes') }}

),

counted as (

    select
        snapshot,
        count(*) filter (where record_id_before is null) as n_appeared,
        count(*) filter (where record_id is null) as n_disappeared,
        count(*) filter (where record_id_before is not null and record_id is not null) as n_changed
    from changes
    group by snapshot

),

final as (

    select
        snapshots.snapshot,
        snapshots.taken_at,
        cast(
            sum(coalesce(counted.n_appeared, 0) - coalesce(counted.n_disappeared, 0)) over (
                order by snapshots.taken_at, snapshots.snapshot
            ) as bigint
        ) as n_models,
        coalesce(counted.n_appeared, 0) as n_appeared,
        coalesce(counted.n_disappeared, 0) as n_disappeared,
        coalesce(counted.n_changed, 0) as n_changed
    from snapshots
    left join counted on snapshots.snapshot = counted.snapshot

)

select * from final
