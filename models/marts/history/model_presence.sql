with versions as (

    select * from {{ ref('int_model_versions') }}

),

marked as (

    select
        *,
        coalesce(lag(valid_to) over (partition by model_id order by valid_from) <> valid_from, true) as starts_period
    from versions
    where has_changed

),

numbered as (

    select
        *,
        sum(cast(starts_period as integer)) over (partition by model_id order by valid_from) as period_number
    from marked

),

final as (

    select
        model_id,
        min(valid_from) as present_from,
        case when count(valid_to) = count(*) then max(valid_to) end as present_to,
        count(*) as n_versions
    from numbered
    group by model_id, period_number
    union all
    -- A model with a single version has a single period, so the window functions above skip it.
    select
        model_id,
        valid_from as present_from,
        valid_to as present_to,
        1 as n_versions
    from versions
    where not has_changed

)

select * from final
