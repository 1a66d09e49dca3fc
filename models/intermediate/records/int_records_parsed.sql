with records as (

    select * from {{ ref('stg_hub__records') }}

),

final as (

    -- Parsing is expensive and a record never changes, so each record is parsed once. To save space, author is kept
    -- only if it differs from the id's prefix, and object_id and tags only as the flags derived from them.
    select
        {{ all_but(ref('stg_hub__records'), ['content_hash', 'record', 'object_id', 'author', 'tags']) }},
        nullif(author, nullif(split_part(model_id, '/', 1), model_id)) as author,
        case when object_id is not null then {{ row_hash(['object_id']) }} end as object_hash,
        {{ list_is_empty('tags') }} as is_without_tags,
        abs({{ object_id_seconds('object_id') }} - {{ epoch_seconds('created_at') }}) > 1 as has_id_time_mismatch
    from records
    {{ new_records_only() }}

)

select * from final
