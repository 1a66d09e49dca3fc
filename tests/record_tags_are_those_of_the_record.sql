-- Tags are numbered once and kept for good. Had their numbers been given anew without their records (a refresh of one
-- of the two models alone), every count of tags would be wrong: of one record in a thousand they are read again, a
-- thousand beside each other at a time, since texts are unpacked by the thousand. From the source: through the view all
-- of them would be unpacked.
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

kept as (

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
        kept.record_id as kept_record_id,
        kept.tag as kept_tag
    from records
    full outer join kept on records.record_id = kept.record_id and records.tag = kept.tag
    where records.record_id is null or kept.record_id is null

)

select * from final
