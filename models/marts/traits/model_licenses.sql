with traits as (

    select * from {{ ref('int_model_traits') }}
    where trait = 'license'

),

models as (

    select * from {{ ref('int_models_current') }}

),

licenses as (

    select * from {{ ref('licenses') }}

),

final as (

    select
        models.model_id,
        traits.trait_value as license,
        licenses.license_name,
        licenses.category,
        licenses.study_category,
        licenses.license is not null as is_known
    from traits
    inner join models on traits.model_key = models.model_key
    left join licenses on traits.trait_value = licenses.license

)

select * from final
