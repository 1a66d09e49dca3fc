with models as (

    select * from {{ ref('int_models_current') }}

),

relatives as (

    select * from {{ ref('int_model_relatives') }}
    where edge_set = 'all'

),

synthetic as (

    select model_key from {{ ref('int_model_tags_classified') }}
    where tag = 'phylohub:synthetic'

),

final as (

    select
        ---- ids
        models.model_id,
        models.snapshot,
        coalesce(models.author, nullif(split_part(models.model_id, '/', 1), models.model_id)) as author,
        models.sha,

        ---- text
        models.task,
        models.library,
        models.gated,

        ---- numbers
        models.downloads,
        models.downloads_all_time,
        models.likes,
        models.trending_score,
        models.n_parameters,
        models.used_storage_bytes,
        coalesce(relatives.n_parents, 0) as n_parents,
        coalesce(relatives.n_children, 0) as n_children,
        coalesce(relatives.n_descendants, 0) as n_descendants,
        models.n_records,

        ---- booleans
        models.is_private,
        synthetic.model_key is not null as is_synthetic,

        ---- timestamps
        models.created_at,
        models.last_modified_at
    from models
    left join relatives on models.model_key = relatives.model_key
    left join synthetic on models.model_key = synthetic.model_key

)

select * from final
