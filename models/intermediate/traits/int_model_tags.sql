with models as (

    select * from {{ ref('int_models_current') }}

),

exploded as (

    select
        model_key,
        task,
        library,
        card_languages,
        {{ explode_distinct('tags') }} as tag
    from models

),

final as (

    select
        model_key,
        tag,
        {{ tag_prefix('tag') }} as prefix,
        coalesce(tag = task, false) as is_own_task,
        coalesce(tag = library, false) as is_own_library,
        {{ list_has('card_languages', 'lower(tag)') }} as is_declared_language,
        card_languages is not null as has_declared_languages
    from exploded
    where tag is not null

)

select * from final
