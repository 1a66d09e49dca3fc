with traits as (

    select * from {{ ref('int_record_traits') }}
    where trait = 'license' and is_counted

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
    inner join models on traits.record_id = models.record_id
    left join licenses on traits.trait_value = licenses.license

)

select * from final
