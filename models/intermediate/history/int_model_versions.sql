with changes as (

    select * from {{ ref('int_model_changes') }}

),

versions as (

    select
        model_id,
        record_id,
        taken_at as valid_from,
        lead(taken_at) over (partition by model_id order by taken_at) as valid_to,
        count(*) over (partition by model_id) > 1 as has_changed
    from changes

),

final as (

    select * from versions
    where record_id is not null

)

select * from final
