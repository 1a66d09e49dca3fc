with traits as (

    select * from {{ ref('int_model_traits') }}

),

final as (

    select
        trait,
        trait_value,
        count(*) filter (where is_counted) as n_models,
        count(*) filter (where is_paper) as n_models_paper
    from traits
    group by trait, trait_value

)

select * from final
