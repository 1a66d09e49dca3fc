with models as (

    select * from {{ ref('int_models_current') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}

),

relatives as (

    select * from {{ ref('int_model_relatives') }}
    where edge_set = 'all'

),

field_values as (

    select * from {{ ref('int_field_values') }}

),

final as (

    select
        ---- ids
        models.model_id,
        models.snapshot,
        coalesce(records.author, nullif(split_part(models.model_id, '/', 1), models.model_id)) as author,
        records.sha,

        ---- strings
        coalesce(tasks.value, records.task) as task,
        coalesce(libraries.value, records.library) as library,
        records.gated,

        ---- numbers
        records.downloads,
        records.downloads_all_time,
        records.likes,
        records.trending_score,
        records.n_parameters,
        records.used_storage_bytes,
        coalesce(relatives.n_parents, 0) as n_parents,
        coalesce(relatives.n_children, 0) as n_children,
        coalesce(relatives.n_descendants, 0) as n_descendants,
        models.n_records,

        ---- booleans
        records.is_private,
        records.is_synthetic,

        ---- timestamps
        records.created_at,
        records.last_modified_at
    from models
    inner join records on models.record_id = records.record_id
    left join relatives on models.model_key = relatives.model_key
    left join field_values as tasks on tasks.field = 'task' and records.task = tasks.written_value
    left join field_values as libraries on libraries.field = 'library' and records.library = libraries.written_value

)

select * from final
