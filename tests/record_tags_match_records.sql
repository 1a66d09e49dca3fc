-- Tags are numbered once. If int_tags were refreshed without int_record_tags, or the reverse, every count of tags would
-- be wrong, so this test reads the tags of 1 record in 1,000 again. It samples 1,000 consecutive records at a time,
-- since the database decompresses whole blocks, and reads the source, since the view would decompress every record.
with exploded as (

    select
        record_id,
        {{ explode_distinct(record_tags('record')) }} as tag
    from {{ source('raw', 'hub_records') }}
    where {{ whole_quotient('record_id', 1000) }} % 997 = 0

),

records as (

    select * from exploded
    where tag is not null

),

stored as (

    select
        record_tags.record_id,
        tags.tag
    from {{ ref('int_record_tags') }} as record_tags
    left join {{ ref('int_tags') }} as tags on record_tags.tag_key = tags.tag_key
    where {{ whole_quotient('record_tags.record_id', 1000) }} % 997 = 0

),

final as (

    select
        records.record_id as read_record_id,
        records.tag as read_tag,
        stored.record_id as stored_record_id,
        stored.tag as stored_tag
    from records
    full outer join stored on records.record_id = stored.record_id and records.tag = stored.tag
    where records.record_id is null or stored.record_id is null

)

select * from final
