with snapshots as (

    {{ new_snapshots() }}

),

shape_counts as (

    select
        listings.snapshot,
        count(*) as n_records,
        min(records.content_hash) as content_hash
    from {{ ref('stg_hub__listings') }} as listings
    inner join {{ ref('stg_hub__records') }} as records on listings.record_id = records.record_id
    inner join {{ ref('int_record_shapes') }} as record_shapes on listings.record_id = record_shapes.record_id
    where listings.snapshot in (select snapshots.snapshot from snapshots)
    group by listings.snapshot, record_shapes.shape_hash

),

shapes as (

    select
        shape_counts.*,
        {{ record_shape('records.record') }} as shape
    from shape_counts
    inner join {{ ref('stg_hub__records') }} as records on shape_counts.content_hash = records.content_hash

),

top_members as (

    select
        snapshot,
        n_records,
        content_hash,
        {{ json_members('shape') }}
    from shapes

),

top_fields as (

    -- Most fields look the same in every shape, so this grouping leaves few rows.
    select
        snapshot,
        {{ path_step('key') }} as path,
        cast(null as string) as parent_path,
        value,
        false as is_in_array,
        sum(n_records) as n_records,
        min(content_hash) as content_hash
    from top_members
    group by snapshot, key, value

),

items as (

    select
        snapshot,
        path || {{ all_items() }} as path,
        path as parent_path,
        {{ shape_item('value') }} as value,
        true as is_in_array,
        n_records,
        content_hash
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
        path as parent_path,
        is_in_array,
        n_records,
        content_hash,
        {{ json_members('value') }}
    from containers
    where {{ json_container('value') }} = 'object'

),

fields as (

    select
        snapshot,
        path,
        parent_path,
        {{ shape_type('value', 'is_in_array') }} as json_type,
        n_records,
        content_hash
    from containers
    union all
    select
        snapshot,
        parent_path || '.' || {{ path_step('key') }} as path,
        parent_path,
        {{ shape_type('value', 'is_in_array') }} as json_type,
        n_records,
        content_hash
    from members

),

final as (

    select
        fields.snapshot,
        snapshots.completed_at,
        fields.path,
        fields.parent_path,
        fields.json_type,
        cast(sum(fields.n_records) as bigint) as n_records,
        min(fields.content_hash) as example_hash
    from fields
    inner join snapshots on fields.snapshot = snapshots.snapshot
    -- An empty array and an array of nulls have the same shape, so neither shows that there are items.
    where not (fields.path like '%' || {{ all_items() }} and fields.json_type = 'null')
    group by fields.snapshot, snapshots.completed_at, fields.path, fields.parent_path, fields.json_type

)

select * from final
