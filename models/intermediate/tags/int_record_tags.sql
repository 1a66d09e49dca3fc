with records as (

    select * from {{ ref('int_records_parsed') }}
    {{ new_records_only() }}

),

record_tags as (

    select * from {{ ref('int_record_tag_lists') }}
    {{ new_records_only() }}

),

exploded as (

    select
        records.*,
        {{ explode_distinct('record_tags.tags') }} as tag
    from record_tags
    inner join records on record_tags.record_id = records.record_id

),

final as (

    select
        exploded.record_id,
        tags.tag_key,
        coalesce(exploded.tag = exploded.task, false) as is_own_task,
        coalesce(exploded.tag = exploded.library, false) as is_own_library,
        {{ list_has('exploded.card_languages', 'lower(exploded.tag)') }} as is_declared_language,
        exploded.card_languages is not null as declares_languages
    from exploded
    inner join {{ ref('int_tags') }} as tags on exploded.tag = tags.tag

)

select * from final
