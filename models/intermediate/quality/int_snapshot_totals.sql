with snapshots as (

    {{ unseen_snapshots() }}

),

models as (

    select * from {{ ref('int_records_listed') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

-- Every record of a file carries the file's name, which is read once.
sources as (

    select distinct
        snapshot,
        source_name
    from {{ ref('stg_hub__listings') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

series as (

    select
        snapshot,
        min({{ source_series('source_name') }}) as series,
        min(source_name) = 'api/models' as is_crawl
    from sources
    group by snapshot

),

rejects as (

    select
        snapshot,
        count(*) as n_rejected
    from {{ ref('stg_hub__rejects') }}
    group by snapshot

),

counted as (

    select
        snapshot,
        count(*) as n_records,
        count(distinct model_id) as n_models,
        count(*) filter (where is_without_tags) as n_records_without_tags,
        count(*) filter (where created_at is null) as n_records_without_created_at,
        count(*) filter (where has_id_time_mismatch) as n_records_with_id_time_mismatch,
        -- A crawl reads the oldest first: near 1 then, and near -1 if the order was turned.
        corr(source_position, {{ epoch_seconds('created_at') }}) as position_age_correlation
    from models
    group by snapshot

),

final as (

    select
        series.*,
        counted.n_records,
        counted.n_models,
        counted.n_records_without_tags,
        counted.n_records_without_created_at,
        counted.n_records_with_id_time_mismatch,
        counted.position_age_correlation,
        snapshots.completed_at,
        coalesce(rejects.n_rejected, 0) as n_rejected
    from counted
    inner join snapshots on counted.snapshot = snapshots.snapshot
    inner join series on counted.snapshot = series.snapshot
    left join rejects on counted.snapshot = rejects.snapshot

)

select * from final
