with traits as (

    select * from {{ ref('int_record_traits') }}
    where trait = 'paper'

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        models.model_id,
        traits.trait_value as arxiv_id
    from traits
    inner join models on traits.record_id = models.record_id

)

select * from final
