with traits as (

    select * from {{ ref('int_model_traits') }}
    where trait = 'dataset'

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        models.model_id,
        traits.trait_value as dataset
    from traits
    inner join models on traits.model_key = models.model_key

)

select * from final
