with models as (

    select * from {{ ref('int_models_current') }}

),

libraries as {{ not_materialized() }} (

    select
        record_id,
        trait_value as library
    from {{ ref('int_record_traits') }}
    where trait = 'library'

),

weight_tags as (

    select * from {{ ref('weight_tags') }}

),

record_tags as {{ not_materialized() }} (

    select * from {{ ref('int_record_tags') }}

),

tags as (

    select
        tags.tag_key,
        weight_tags.format
    from {{ ref('int_tags') }} as tags
    inner join weight_tags on tags.tag = weight_tags.tag

),

-- A tag counts whatever its kind: the tag gguf is a library's name on some models and a flag on others.
model_formats as (

    select
        models.record_id,
        tags.format
    from record_tags
    inner join tags on record_tags.tag_key = tags.tag_key
    inner join models on record_tags.record_id = models.record_id
    union
    select
        models.record_id,
        weight_tags.format
    from libraries
    inner join weight_tags on libraries.library = weight_tags.tag
    inner join models on libraries.record_id = models.record_id

),

totals as (

    select count(distinct record_id) as n_models_with_weights from model_formats

),

-- Every format of the seed, so that a format that no model has gets a row with 0 models.
formats as (

    select
        formats.format,
        count(model_formats.record_id) as n_models
    from (select distinct weight_tags.format from weight_tags) as formats
    left join model_formats on formats.format = model_formats.format
    group by formats.format

),

final as (

    select
        formats.format,
        formats.n_models,
        totals.n_models_with_weights,
        formats.n_models / cast(nullif(totals.n_models_with_weights, 0) as double) as share_of_models_with_weights,
        'tags' as source
    from formats
    cross join totals

)

select * from final
