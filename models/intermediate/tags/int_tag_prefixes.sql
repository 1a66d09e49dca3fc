with tags as (

    select
        tag_key,
        tag,
        {{ tag_prefix('tag') }} as prefix,
        {{ decoded('tag') }} as decoded_tag
    from {{ ref('int_tags') }}
    {{ new_records_only('tag_key', 'tag_key') }}

),

prefixes as (

    select * from {{ ref('tag_prefixes') }}

),

matched as (

    -- A prefix in another case, or with white space or escapes, is read if it is not in the seed as it stands.
    select
        tags.tag_key,
        tags.tag,
        tags.prefix,
        tags.decoded_tag,
        prefixes.prefix is not null as has_exact_prefix,
        coalesce(prefixes.prefix, read_prefixes.prefix) as known_prefix,
        coalesce(prefixes.kind, read_prefixes.kind) as prefix_kind
    from tags
    left join prefixes on tags.prefix = prefixes.prefix
    left join prefixes as read_prefixes
        on lower({{ trimmed(tag_prefix('tags.decoded_tag')) }}) = read_prefixes.prefix and prefixes.prefix is null

),

final as (

    select
        tag_key,
        tag,
        prefix,
        known_prefix,
        prefix_kind,
        has_exact_prefix,
        decoded_tag,
        case
            when has_exact_prefix and prefix_kind in ('flag', 'free') then tag
            when has_exact_prefix then {{ after_prefix('tag') }}
        end as written_value,
        case
            when has_exact_prefix then {{ trimmed(after_prefix('tag')) }}
            when known_prefix is not null then {{ trimmed(after_prefix('decoded_tag')) }}
        end as trimmed_value,
        case when known_prefix is not null then {{ trimmed(after_prefix('decoded_tag')) }} end as decoded_value,
        (select vocabularies.digest from {{ ref('int_vocabularies') }} as vocabularies) as vocabulary_digest
    from matched

)

select * from final
