with snapshots as (

    {{ new_snapshots() }}

),

listed_records as (

    select * from {{ ref('int_records_listed') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

record_tags as {{ not_materialized() }} (

    select * from {{ ref('int_record_tags') }}

),

tags as (

    select * from {{ ref('int_tag_vocabulary') }}

),

unknown_values as (

    -- Known prefixes and relations are on most models and are never reported, so they are dropped before the joins.
    select * from {{ ref('int_unknown_tags') }}

),

unknown_value_counts as (

    select
        listed_records.snapshot,
        unknown_values.kind,
        unknown_values.value,
        count(distinct listed_records.model_id) as n_models,
        count(distinct split_part(listed_records.model_id, '/', 1)) as n_owners
    from unknown_values
    inner join record_tags on unknown_values.tag_key = record_tags.tag_key
    inner join listed_records on record_tags.record_id = listed_records.record_id
    group by listed_records.snapshot, unknown_values.kind, unknown_values.value

),

final as (

    select
        unknown_value_counts.*,
        snapshots.completed_at
    from unknown_value_counts
    inner join snapshots on unknown_value_counts.snapshot = snapshots.snapshot
    union all
    select
        flags.snapshot,
        'flag' as kind,
        tags.tag as value,
        flags.n_records as n_models,
        cast(null as bigint) as n_owners,
        flags.completed_at
    from {{ ref('int_snapshot_tag_uses') }} as flags
    inner join tags on flags.tag_key = tags.tag_key
    where
        tags.is_flag
        and flags.snapshot in (select snapshots.snapshot from snapshots)

)

select * from final
