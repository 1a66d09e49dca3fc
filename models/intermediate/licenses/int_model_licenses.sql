with license_values as (

    select * from {{ ref('int_model_license_values') }}

),

models_with_several as (

    select model_key from license_values
    group by model_key
    having count(*) > 1

),

sets as (

    select
        license_values.model_key,
        license_values.license,
        license_values.uncertainty
    from license_values
    left join models_with_several on license_values.model_key = models_with_several.model_key
    where models_with_several.model_key is null
    union all
    -- Few models have several licenses, and only they are sorted.
    select
        license_values.model_key,
        {{ sorted_concat('license_values.license', ' or ') }} as license,
        max(license_values.uncertainty) as uncertainty
    from license_values
    inner join models_with_several on license_values.model_key = models_with_several.model_key
    group by license_values.model_key

),

final as (

    select
        model_key,
        license,
        case uncertainty when 1 then 'declared' when 2 then 'named' else 'unknown' end as certainty
    from sets

)

select * from final
