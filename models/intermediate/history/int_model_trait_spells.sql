with flagged as (

    -- A value continues if the previous version also has it; otherwise a new spell starts.
    select
        *,
        coalesce(
            lag(valid_to) over (partition by model_id, trait, trait_value order by valid_from) <> valid_from, true
        ) as is_start
    from {{ ref('int_version_traits') }}
    where has_changed

),

numbered as (

    select
        *,
        sum(cast(is_start as integer)) over (
            partition by model_id, trait, trait_value order by valid_from
        ) as spell
    from flagged

),

final as (

    select
        model_id,
        trait,
        trait_value,
        min(valid_from) as valid_from,
        case when count(valid_to) = count(*) then max(valid_to) end as valid_to
    from numbered
    group by model_id, trait, trait_value, spell

)

select * from final
