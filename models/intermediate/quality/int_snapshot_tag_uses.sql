with snapshots as (

    {{ new_snapshots() }}

),

counted_before as (

    -- The snapshot that was counted last, if it has not changed: only what lists more or less than it is counted.
    {% if is_incremental() %}
        select existing.*
        from {{ this }} as existing
        where existing.snapshot in (
            select earlier.snapshot
            from {{ ref('stg_hub__snapshots') }} as earlier
            inner join {{ this }} as counted
                on earlier.snapshot = counted.snapshot and earlier.completed_at = counted.completed_at
            order by earlier.completed_at desc, earlier.snapshot desc
            limit 1
        )
    {% else %}
        select
            snapshot,
            completed_at,
            cast(null as integer) as tag_key,
            cast(null as bigint) as n_records
        from snapshots
        where false
    {% endif %}

),

listed as (

    select
        snapshots.snapshot,
        listings.record_id,
        1 as n_listings
    from {{ ref('stg_hub__listings') }} as listings
    inner join snapshots on listings.snapshot = snapshots.snapshot
    union all
    select
        snapshots.snapshot,
        listings.record_id,
        -1 as n_listings
    from {{ ref('stg_hub__listings') }} as listings
    cross join snapshots
    where listings.snapshot in (select counted_before.snapshot from counted_before)

),

changed as (

    select
        snapshot,
        record_id,
        sum(n_listings) as n_listings
    from listed
    group by snapshot, record_id
    having sum(n_listings) <> 0

),

uses as (

    select
        snapshots.snapshot,
        counted_before.tag_key,
        counted_before.n_records
    from counted_before
    cross join snapshots
    union all
    select
        changed.snapshot,
        record_tags.tag_key,
        cast(sum(changed.n_listings) as bigint) as n_records
    from {{ ref('int_record_tags') }} as record_tags
    inner join changed on record_tags.record_id = changed.record_id
    group by changed.snapshot, record_tags.tag_key

),

final as (

    select
        uses.snapshot,
        snapshots.completed_at,
        uses.tag_key,
        cast(sum(uses.n_records) as bigint) as n_records
    from uses
    inner join snapshots on uses.snapshot = snapshots.snapshot
    group by uses.snapshot, snapshots.completed_at, uses.tag_key
    having sum(uses.n_records) > 0

)

select * from final
