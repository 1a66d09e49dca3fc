with traits as (

    select * from {{ ref('int_record_traits') }}
    where trait = 'dataset' and is_counted

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        models.model_id,
        traits.trait_value as dataset
    from traits
    inner join models on traits.record_id = models.record_id

)

select * from final
