with models as (

    select * from {{ ref('int_models_current') }}

),

snapshot_end as (

    -- A model dated after its snapshot is a mistake of its record.
    select max(cast(taken_at as date)) as ended_on
    from {{ ref('stg_hub__snapshots') }}
    where snapshot in (select models.snapshot from models)

),

days as (

    {{ days_between(
        '(select min(cast(created_at as date)) from models)',
        '(select least(max(cast(created_at as date)), (select ended_on from snapshot_end)) from models)'
    ) }}

),

final as (

    select day from days

)

select * from final
