with counts as (

    select * from {{ ref('int_trait_counts') }}

),

totals as (

    select count(*) as n_models from {{ ref('int_models_current') }}

),

with_trait as (

    select
        trait,
        count(distinct model_key) filter (where is_counted) as n_models
    from {{ ref('int_model_traits') }}
    group by trait

),

final as (

    select
        counts.trait,
        counts.trait_value as value,
        counts.n_models,
        counts.n_models / cast(totals.n_models as double) as share_of_models,
        counts.n_models / cast(nullif(with_trait.n_models, 0) as double) as share_of_models_with_trait,
        counts.n_models_paper
    from counts
    cross join totals
    inner join with_trait on counts.trait = with_trait.trait

)

select * from final
