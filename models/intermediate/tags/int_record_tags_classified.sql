with record_tags as (

    select * from {{ ref('int_record_tags') }}

),

tags as (

    select * from {{ ref('int_tag_vocabulary') }}

),

ambiguous_tags as (

    select * from {{ ref('int_record_ambiguous_tags') }}

),

readings as (

    -- A tag can be read in several ways: gguf is a flag, and the library of some models. A bare three-letter code is a
    -- language only if the card declares it: moe, rag, tts and others are common words in tags.
    select
        record_tags.record_id,
        tags.tag,
        tags.prefix,
        tags.prefix_kind,
        tags.tag_value,
        tags.has_shared_value,
        tags.is_read,
        tags.written_value,
        tags.is_two_letter_language,
        record_tags.is_declared_language,
        record_tags.is_own_task or coalesce(tags.prefix_kind = 'task', tags.is_task) as is_task,
        record_tags.is_own_library or coalesce(tags.prefix_kind = 'library', tags.is_library) as is_library,
        coalesce(tags.prefix_kind = 'flag', tags.is_flag) as is_flag,
        record_tags.is_declared_language
        or coalesce(
            tags.prefix_kind = 'language',
            tags.is_two_letter_language
            and not record_tags.declares_languages
            and coalesce(ambiguous_tags.verdict, 'language') = 'language'
        ) as is_language,
        coalesce(ambiguous_tags.verdict, '') = 'undecided' as is_undecided_language
    from record_tags
    inner join tags on record_tags.tag_key = tags.tag_key
    left join ambiguous_tags
        on record_tags.record_id = ambiguous_tags.record_id and record_tags.tag_key = ambiguous_tags.tag_key

),

final as (

    -- The main kind of a tag is the first that matches.
    select
        record_id,
        tag,
        prefix,
        prefix_kind,
        case
            when prefix_kind is not null then prefix_kind
            when is_task then 'task'
            when is_declared_language then 'language'
            when is_library then 'library'
            when is_flag then 'flag'
            when is_language then 'language'
            else 'free'
        end as kind,
        tag_value,
        has_shared_value,
        is_read,
        written_value,
        is_task,
        is_library,
        is_flag,
        is_language,
        is_undecided_language,
        is_two_letter_language
    from readings

)

select * from final
