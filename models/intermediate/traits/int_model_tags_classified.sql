with tags as (

    select * from {{ ref('int_model_tags') }}

),

prefixes as (

    select * from {{ ref('tag_prefixes') }}

),

tasks as (

    select * from {{ ref('tasks') }}

),

libraries as (

    select * from {{ ref('libraries') }}

),

flags as (

    select * from {{ ref('tag_flags') }}

),

two_letter_languages as (

    select * from {{ ref('languages') }}
    where alpha_2 is not null

),

joined as (

    select
        tags.*,
        prefixes.kind as prefix_kind,
        tags.is_own_task or tasks.task is not null as is_task,
        tags.is_own_library or libraries.library is not null as is_library,
        flags.flag is not null as is_flag,
        two_letter_languages.language is not null as is_two_letter_language
    from tags
    left join prefixes on tags.prefix = prefixes.prefix
    left join tasks on tags.tag = tasks.task
    left join libraries on tags.tag = libraries.library
    left join flags on tags.tag = flags.flag
    left join two_letter_languages on tags.tag = two_letter_languages.alpha_2

),

final as (

    -- First match wins. Bare three-letter codes are languages only where the card says so: moe, rag, tts ... are
    -- common words among tags.
    select
        model_key,
        tag,
        case
            when prefix_kind is not null then prefix_kind
            when is_task then 'task'
            when is_declared_language then 'language'
            when is_library then 'library'
            when is_flag then 'flag'
            when is_two_letter_language and not has_declared_languages then 'language'
            else 'free'
        end as kind,
        case
            when prefix_kind not in ('flag', 'free') then substr(tag, length(prefix) + 2)
            else tag
        end as tag_value,
        is_two_letter_language
    from joined

)

select * from final
