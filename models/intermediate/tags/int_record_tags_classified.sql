with record_tags as (

    select * from {{ ref('int_record_tags') }}

),

tags as (

    select * from {{ ref('int_tag_vocabulary') }}

),

final as (

    -- The first match wins. A bare three-letter code is a language only if the card declares it: moe, rag, tts and
    -- others are common words in tags.
    select
        record_tags.record_id,
        tags.tag,
        tags.prefix,
        tags.prefix_kind,
        case
            when tags.prefix_kind is not null then tags.prefix_kind
            when record_tags.is_own_task or tags.is_task then 'task'
            when record_tags.is_declared_language then 'language'
            when record_tags.is_own_library or tags.is_library then 'library'
            when tags.is_flag then 'flag'
            when tags.is_two_letter_language and not record_tags.declares_languages then 'language'
            else 'free'
        end as kind,
        tags.tag_value,
        tags.has_shared_value,
        tags.is_two_letter_language
    from record_tags
    inner join tags on record_tags.tag_key = tags.tag_key

)

select * from final
