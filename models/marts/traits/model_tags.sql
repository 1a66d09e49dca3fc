with models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        models.model_id,
        tags.tag,
        tags.kind,
        tags.tag_value as value,
        tags.is_task,
        tags.is_library,
        tags.is_language,
        tags.is_undecided_language,
        tags.is_flag
    from {{ ref('int_record_tags_classified') }} as tags
    inner join models on tags.record_id = models.record_id

)

select * from final
