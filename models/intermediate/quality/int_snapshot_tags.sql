with snapshots as (

    {{ new_snapshots() }}

),

listings as (

    select * from {{ ref('stg_hub__listings') }}
    where snapshot in (select snapshots.snapshot from snapshots)

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

flag_counts as (

    -- Most models carry several flags, so flags are counted by tag key, without model ids.
    select
        listings.snapshot,
        record_tags.tag_key,
        count(*) as n_models
    from record_tags
    inner join listings on record_tags.record_id = listings.record_id
    inner join tags on record_tags.tag_key = tags.tag_key
    where tags.is_flag
    group by listings.snapshot, record_tags.tag_key

),

final as (

    select
        unknown_value_counts.*,
        snapshots.completed_at
    from unknown_value_counts
    inner join snapshots on unknown_value_counts.snapshot = snapshots.snapshot
    union all
    select
        flag_counts.snapshot,
        'flag' as kind,
        tags.tag as value,
        flag_counts.n_models,
        cast(null as bigint) as n_owners,
        snapshots.completed_at
    from flag_counts
    inner join tags on flag_counts.tag_key = tags.tag_key
    inner join snapshots on flag_counts.snapshot = snapshots.snapshot

)

select * from final
