with snapshots as (

    select * from {{ ref('stg_hub__snapshots') }}
    where completed_at is not null

),

sources as (

    select
        snapshot,
        min(source_name) as source_name
    from {{ ref('stg_hub__listings') }}
    group by snapshot

),

described as (

    -- A crawl reads the whole Hub. What nothing is known about was taken when it landed, at the latest.
    select
        snapshots.snapshot,
        snapshots.completed_at,
        snapshots.taken_at,
        snapshots.hub_size,
        coalesce(sources.source_name = 'api/models', false) as is_crawl,
        coalesce(
            snapshots.taken_from, case when sources.source_name = 'api/models' then 'crawl' else 'landing' end
        ) as taken_from,
        coalesce(
            snapshots.scope, case when sources.source_name = 'api/models' then 'hub' else 'unknown' end
        ) as scope,
        coalesce(
            snapshots.series, {{ source_series('sources.source_name') }}, snapshots.snapshot
        ) as series
    from snapshots
    left join sources on snapshots.snapshot = sources.snapshot

),

final as (

    select
        snapshot,
        completed_at,
        -- Snapshots of a series with the same time keep their order.
        {{ later_by_microseconds(
            'taken_at', 'row_number() over (partition by series, taken_at order by completed_at, snapshot) - 1'
        ) }} as taken_at,
        taken_from,
        scope,
        series,
        hub_size,
        is_crawl,
        scope not in ('unknown', 'sample') as has_known_scope
    from described

)

select * from final
