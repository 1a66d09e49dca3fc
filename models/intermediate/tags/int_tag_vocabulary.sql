with tags as (

    select * from {{ ref('int_tag_prefixes') }}

),

parents as (

    select * from {{ ref('int_tag_parents') }}

),

licenses as (

    select * from {{ ref('int_license_spellings') }}

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

    -- A tag without a prefix is a free word, in which another case can be another word.
    select
        tags.*,
        case
            when tags.prefix_kind = 'license'
                then coalesce(licenses.license, licenses_in_addresses.license, lower(tags.trimmed_value))
            when tags.prefix_kind = 'arxiv' then {{ arxiv_paper('tags.trimmed_value', 'tags.decoded_value') }}
            when tags.prefix_kind = 'dataset'
                then {{ repository_of('tags.trimmed_value', 'tags.decoded_value', 'datasets') }}
            when tags.prefix_kind = 'doi' then {{ doi_of('tags.trimmed_value', 'tags.decoded_value') }}
            when parents.relation <> 'unspecified' then parents.relation || ':' || parents.parent_id
            when tags.prefix_kind in ('flag', 'free') and tags.has_exact_prefix then tags.tag
            when tags.prefix_kind in ('flag', 'free') then tags.known_prefix || ':' || tags.trimmed_value
            else
                coalesce(
                    parents.parent_id, tags.trimmed_value, tasks.task, libraries.library, flags.flag,
                    two_letter_languages.alpha_2, tags.tag
                )
        end as tag_value,
        tasks.task is not null as is_task,
        libraries.library is not null as is_library,
        flags.flag is not null as is_flag,
        two_letter_languages.language is not null as is_two_letter_language
    from tags
    left join parents on tags.tag_key = parents.tag_key
    left join licenses on tags.prefix_kind = 'license' and lower(tags.decoded_value) = licenses.spelling
    left join licenses as licenses_in_addresses
        on
            case when tags.prefix_kind = 'license' then {{ license_in_address('tags.decoded_value') }} end
            = licenses_in_addresses.spelling
    left join tasks on replace(tags.decoded_tag, '_', '-') = tasks.task
    left join libraries on tags.decoded_tag = libraries.library
    left join flags on tags.decoded_tag = flags.flag
    left join two_letter_languages on tags.decoded_tag = two_letter_languages.alpha_2

),

read_values as (

    select
        *,
        tag_value <> coalesce(written_value, tag)
        or (known_prefix is not null and not has_exact_prefix) as is_read
    from matched

),

final as (

    select
        tag_key,
        tag,
        prefix,
        prefix_kind,
        tag_value,
        is_task,
        is_library,
        is_flag,
        is_two_letter_language,
        is_read,
        case when is_read then written_value end as written_value,
        count(*) over (partition by tag_value) > 1 as has_shared_value
    from read_values

)

select * from final
