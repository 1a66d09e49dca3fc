with models as (

    select * from {{ ref('int_models_current') }}

),

traits as (

    select * from {{ ref('int_record_traits') }}

),

final as (

    select
        models.model_key,
        traits.trait,
        traits.trait_value,
        traits.is_counted,
        traits.is_paper
    from traits
    inner join models on traits.record_id = models.record_id

)

select * from final
