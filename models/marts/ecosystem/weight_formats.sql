with model_formats as (

    select * from {{ ref('int_model_weight_formats') }}

),

totals as (

    select count(distinct model_key) as n_models_with_weights from model_formats

),

-- Every format of the seed, so that a format that no model has gets a row with 0 models.
formats as (

    select distinct format from {{ ref('weight_tags') }}

),

final as (

    select
        formats.format,
        count(model_formats.model_key) as n_models,
        totals.n_models_with_weights,
        count(model_formats.model_key) / cast(nullif(totals.n_models_with_weights, 0) as double)
            as share_of_models_with_weights,
        'tags' as source
    from formats
    cross join totals
    left join model_formats on formats.format = model_formats.format
    group by formats.format, totals.n_models_with_weights

)

select * from final
