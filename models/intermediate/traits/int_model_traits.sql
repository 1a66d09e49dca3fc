with traits as (

    select * from {{ ref('traits') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

tags as (

    select * from {{ ref('int_model_tags_classified') }}

),

languages as (

    select * from {{ ref('int_model_languages') }}

),

by_source as (

    -- The seed `traits` says which source and tag kind a trait is read from; a new trait of a tag kind is one line
    -- there and none here.
    select
        model_key,
        'tag' as source,
        kind as tag_kind,
        tag_value as trait_value,
        true as is_counted,
        true as is_paper
    from tags
    union all
    select
        model_key,
        'language' as source,
        'language' as tag_kind,
        language as trait_value,
        is_counted,
        is_paper
    from languages
    union all
    select
        model_key,
        'pipeline_tag' as source,
        null as tag_kind,
        task as trait_value,
        true as is_counted,
        true as is_paper
    from models
    union all
    select
        model_key,
        'library_name' as source,
        null as tag_kind,
        library as trait_value,
        true as is_counted,
        true as is_paper
    from models

),

final as (

    select distinct
        by_source.model_key,
        traits.trait,
        by_source.trait_value,
        by_source.is_counted,
        by_source.is_paper
    from by_source
    inner join traits
        on
            by_source.source = traits.source
            and coalesce(by_source.tag_kind, '') = coalesce(traits.tag_kind, '')
    where by_source.trait_value <> ''

)

select * from final
