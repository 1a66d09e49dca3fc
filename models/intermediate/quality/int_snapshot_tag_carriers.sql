with snapshots as (

    {{ new_snapshots() }}

),

listings as (

    select * from {{ ref('stg_hub__listings') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

kinds as (

    select
        tag_key,
        case when parent_id is not null then 'parent' else kind end as carried
    from {{ ref('int_tag_kinds') }}
    where parent_id is not null or kind in ('license', 'dataset', 'arxiv', 'language')

),

final as (

    -- A record can have several values of a kind.
    select
        listings.snapshot,
        snapshots.completed_at,
        kinds.carried,
        count(distinct listings.record_id) as n_records
    from {{ ref('int_record_tags') }} as record_tags
    inner join kinds on record_tags.tag_key = kinds.tag_key
    inner join listings on record_tags.record_id = listings.record_id
    inner join snapshots on listings.snapshot = snapshots.snapshot
    group by listings.snapshot, snapshots.completed_at, kinds.carried

)

select * from final
