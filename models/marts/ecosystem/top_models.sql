with models as (

    select * from {{ ref('models') }}

),

metrics as (

    select
        model_id,
        'downloads' as metric,
        downloads as value
    from models
    union all
    select
        model_id,
        'downloads_all_time' as metric,
        downloads_all_time as value
    from models
    union all
    select
        model_id,
        'likes' as metric,
        likes as value
    from models
    union all
    select
        model_id,
        'children' as metric,
        n_children as value
    from models
    union all
    select
        model_id,
        'descendants' as metric,
        n_descendants as value
    from models

),

ranked as (

    select
        metric,
        row_number() over (partition by metric order by value desc, model_id asc) as place,
        model_id,
        value
    from metrics
    where value > 0

),

final as (

    select * from ranked
    where place <= {{ var('top_models') }}

)

select * from final
