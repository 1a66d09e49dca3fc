with license_values as (

    select * from {{ ref('int_model_license_values') }}

),

final as (

    select
        model_key,
        case
            when count(*) = 1 then min(license)
            else {{ sorted_concat('license', ' or ') }}
        end as license,
        case max(uncertainty) when 1 then 'declared' when 2 then 'named' else 'unknown' end as certainty
    from license_values
    group by model_key

)

select * from final
