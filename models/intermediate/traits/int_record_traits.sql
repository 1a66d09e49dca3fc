{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{% if vocabularies_changed(this) %}truncate {{ this }}{% endif %}",
) }}

with traits as (

    select * from {{ ref('traits') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}
    {{ unread_records() }}

),

tags as {{ not_materialized() }} (

    select * from {{ ref('int_record_tags_classified') }}
    {{ unread_records() }}

),

languages as (

    select * from {{ ref('int_record_languages') }}
    {{ unread_records() }}

),

values_of_tags as (

    -- A record has a tag once. Only where several tags carry one value (arxiv:1 and arXiv:1, were both in the seed) can
    -- it have a value twice, and few do: sorting out millions of rows for them would be the dearest step.
    select
        record_id,
        kind,
        tag_value
    from tags
    where not shares_its_value
    union all
    select distinct
        record_id,
        kind,
        tag_value
    from tags
    where shares_its_value

),

by_source as (

    -- The seed `traits` says which source and tag kind a trait is read from; a new trait of a tag kind is one line
    -- there and none here.
    select
        record_id,
        'tag' as source,
        kind as tag_kind,
        tag_value as trait_value,
        true as is_counted,
        true as is_paper
    from values_of_tags
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
        vocabularies.version as vocabularies
    from by_source
    inner join traits
        on
            by_source.source = traits.source
            and coalesce(by_source.tag_kind, '') = coalesce(traits.tag_kind, '')
    cross join {{ ref('int_vocabularies') }} as vocabularies
    where by_source.trait_value <> ''

)

select * from final
