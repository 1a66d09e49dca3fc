with models as (

    select * from {{ ref('int_models_current') }}

),

weight_tags as (

    select * from {{ ref('weight_tags') }}

),

tags as (

    select
        record_tags.record_id,
        tags.tag_value as tag
    from {{ ref('int_record_tags') }} as record_tags
    inner join {{ ref('int_tag_vocabulary') }} as tags on record_tags.tag_key = tags.tag_key
    inner join weight_tags on tags.tag_value = weight_tags.tag and tags.prefix_kind is null
    union all
    select
        record_id,
        trait_value as tag
    from {{ ref('int_record_traits') }}
    where trait = 'library' and is_counted

),

final as (

    -- A tag counts whatever its kind: the tag gguf is a library's name on some models and a flag on others.
    select distinct
        models.model_key,
        weight_tags.format
    from tags
    inner join weight_tags on tags.tag = weight_tags.tag
    inner join models on tags.record_id = models.record_id

)

select * from final
