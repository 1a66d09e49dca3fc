with traits as (

    select * from {{ ref('traits') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}
    {{ new_records_only() }}

),

tags as {{ not_materialized() }} (

    select * from {{ ref('int_record_tags_classified') }}
    {{ new_records_only() }}

),

languages as (

    select * from {{ ref('int_record_languages') }}
    {{ new_records_only() }}

),

tag_values as (

    -- A flag counts as one if it is also the task, library or language of the record.
    -- A record has each tag once, but two tags can have one value (if both arxiv and arXiv were in the seed). Only
    -- those are deduplicated: there are few, and deduplicating every row would be the most expensive step.
    select
        record_id,
        case when is_flag then 'flag' else kind end as tag_kind,
        tag_value
    from tags
    where not has_shared_value
    union all
    select distinct
        record_id,
        case when is_flag then 'flag' else kind end as tag_kind,
        tag_value
    from tags
    where has_shared_value

),

by_source as (

    -- The seed `traits` names the source and tag kind of each trait. A new trait that is read from a tag kind needs a
    -- line in the seed and no change here.
    select
        record_id,
        'tag' as source,
        tag_kind,
        tag_value as trait_value,
        true as is_counted,
        true as is_paper
    from tag_values
    union all
    select
        record_id,
        'language' as source,
        'language' as tag_kind,
        language as trait_value,
        is_counted,
        is_paper
    from languages
    union all
    select
        record_id,
        'pipeline_tag' as source,
        null as tag_kind,
        task as trait_value,
        true as is_counted,
        true as is_paper
    from records
    union all
    select
        record_id,
        'library_name' as source,
        null as tag_kind,
        library as trait_value,
        true as is_counted,
        true as is_paper
    from records

),

final as (

    select
        by_source.record_id,
        traits.trait,
        by_source.trait_value,
        by_source.is_counted,
        by_source.is_paper,
        vocabularies.digest as vocabulary_digest
    from by_source
    inner join traits
        on
            by_source.source = traits.source
            and coalesce(by_source.tag_kind, '') = coalesce(traits.tag_kind, '')
    cross join {{ ref('int_vocabularies') }} as vocabularies
    where by_source.trait_value <> ''

)

select * from final
