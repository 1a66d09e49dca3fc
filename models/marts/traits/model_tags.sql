with tags as (

    select * from {{ ref('int_model_tags_classified') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        models.model_id,
        tags.tag,
        tags.kind,
        tags.tag_value as value
    from tags
    inner join models on tags.model_key = models.model_key

)

select * from final
