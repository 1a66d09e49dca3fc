with snapshots as (

    {{ new_snapshots() }}

),

listed_records as (

    select * from {{ ref('int_records_listed') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

sources as (

    -- All records of a file have the same source name, so names are deduplicated before they are parsed.
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

totals as (

    select
        snapshot,
        count(*) as n_records,
        count(distinct model_id) as n_models,
        count(*) filter (where is_without_tags) as n_records_without_tags,
        count(*) filter (where created_at is null) as n_records_without_created_at,
        count(*) filter (where has_id_time_mismatch) as n_records_with_id_time_mismatch,
        -- A crawl reads the oldest models first: near 1, or near -1 if the order is reversed.
        {{ correlation('source_position', epoch_seconds('created_at')) }} as position_age_correlation
    from listed_records
    group by snapshot

),

final as (

    select
        series.*,
        totals.n_records,
        totals.n_models,
        totals.n_records_without_tags,
        totals.n_records_without_created_at,
        totals.n_records_with_id_time_mismatch,
        totals.position_age_correlation,
        snapshots.completed_at,
        coalesce(rejects.n_rejected, 0) as n_rejected
    from totals
    inner join snapshots on totals.snapshot = snapshots.snapshot
    inner join series on totals.snapshot = series.snapshot
    left join rejects on totals.snapshot = rejects.snapshot

)

select * from final
