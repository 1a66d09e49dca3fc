with snapshots as (

    {{ new_snapshots() }}

),

listed as (

    select
        listings.snapshot,
        records.content_hash
    from {{ ref('stg_hub__listings') }} as listings
    inner join {{ ref('stg_hub__records') }} as records on listings.record_id = records.record_id
    where listings.snapshot in (select snapshots.snapshot from snapshots)

),

ranked as (

    select
        snapshot,
        content_hash,
        row_number() over (partition by snapshot order by content_hash) as place
    from listed

),

sampled_hashes as (

    -- Records with the smallest hashes are a random sample that is the same in every build.
    select
        snapshot,
        content_hash
    from ranked
    where place <= {{ var('profile_sample') }}
    union
    select
        snapshot,
        example_hash
    from {{ ref('int_snapshot_fields') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

sampled_records as (

    select
        sampled_hashes.snapshot,
        sampled_hashes.content_hash,
        records.record
    from sampled_hashes
    inner join {{ ref('stg_hub__records') }} as records on sampled_hashes.content_hash = records.content_hash

),

top_members as (

    select
        snapshot,
        content_hash,
        {{ json_members('record') }}
    from sampled_records

),

top_fields as (

    select
        snapshot,
        content_hash,
        {{ path_step('key') }} as path,
        value
    from top_members

),

items as (

    select
        snapshot,
        content_hash,
        path || {{ all_items() }} as path,
        {{ json_items('value') }} as value
    from top_fields
    where {{ json_container('value') }} = 'array'

),

containers as (

    select * from top_fields
    union all
    select * from items

),

members as (

    select
        snapshot,
        content_hash,
        path as parent_path,
        {{ json_members('value') }}
    from containers
    where {{ json_container('value') }} = 'object'

),

fields as (

    select * from containers
    union all
    select
        snapshot,
        content_hash,
        parent_path || '.' || {{ path_step('key') }} as path,
        value
    from members

),

final as (

    select
        fields.snapshot,
        snapshots.completed_at,
        fields.path,
        count(distinct fields.value) as n_distinct,
        {{ first_value_by('left(cast(fields.value as string), 200)', 'fields.content_hash') }} as example
    from fields
    inner join snapshots on fields.snapshot = snapshots.snapshot
    where cast(fields.value as string) <> 'null'
    group by fields.snapshot, snapshots.completed_at, fields.path

)

select * from final
