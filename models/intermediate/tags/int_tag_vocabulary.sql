with tags as (

    select * from {{ ref('int_tags') }}

),

prefixed as (

    select
        tag_key,
        tag,
        {{ tag_prefix('tag') }} as prefix
    from tags

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

matched as (

    select
        prefixed.tag_key,
        prefixed.tag,
        prefixed.prefix,
        prefixes.kind as prefix_kind,
        case
            when prefixes.kind = 'arxiv' then {{ arxiv_paper('substr(prefixed.tag, length(prefixed.prefix) + 2)') }}
            when prefixes.kind not in ('flag', 'free') then substr(prefixed.tag, length(prefixed.prefix) + 2)
            else prefixed.tag
        end as tag_value,
        tasks.task is not null as is_task,
        libraries.library is not null as is_library,
        flags.flag is not null as is_flag,
        two_letter_languages.language is not null as is_two_letter_language
    from prefixed
    left join prefixes on prefixed.prefix = prefixes.prefix
    left join tasks on prefixed.tag = tasks.task
    left join libraries on prefixed.tag = libraries.library
    left join flags on prefixed.tag = flags.flag
    left join two_letter_languages on prefixed.tag = two_letter_languages.alpha_2

),

final as (

    select
        *,
        count(*) over (partition by tag_value) > 1 as has_shared_value
    from matched

)

select * from final
