with snapshots_compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

versions as (

    select * from {{ ref('int_model_versions') }}

),

current_models as (

    select * from {{ ref('int_models_current') }}

),

previous_models as (

    select
        versions.model_id,
        versions.record_id
    from snapshots_compared
    inner join versions
        on
            snapshots_compared.previous_taken_at >= versions.valid_from
            and (versions.valid_to is null or snapshots_compared.previous_taken_at < versions.valid_to)

),

gone as (

    select
        previous_models.model_id,
        previous_models.record_id,
        row_number() over (order by previous_models.model_id) as number
    from previous_models
    left join current_models on previous_models.model_id = current_models.model_id
    where current_models.model_id is null

),

final as (

    select
        current_models.model_key,
        previous_models.model_id,
        previous_models.record_id,
        previous_models.record_id = current_models.record_id as is_unchanged
    from previous_models
    inner join current_models on previous_models.model_id = current_models.model_id
    union all
    -- Models that have left the Hub have no key, so they get negative ones.
    select
        cast(-number as integer) as model_key,
        model_id,
        record_id,
        false as is_unchanged
    from gone

)

select * from final
