with changes as (

    select * from {{ ref('int_model_changes') }}

),

changed_models as (

    select model_id from changes
    group by model_id
    having count(*) > 1

),

versions as (

    select
        changes.model_id,
        changes.record_id,
        changes.taken_at as valid_from,
        lead(changes.taken_at) over (partition by changes.model_id order by changes.taken_at) as valid_to
    from changes
    inner join changed_models on changes.model_id = changed_models.model_id

),

final as (

    -- Most models have a single change, so the window function runs only on the others.
    select
        *,
        true as has_changed
    from versions
    where record_id is not null
    union all
    select
        model_id,
        record_id,
        taken_at as valid_from,
        cast(null as timestamp) as valid_to,
        false as has_changed
    from changes
    where model_id not in (select changed_models.model_id from changed_models)

)

select * from final
