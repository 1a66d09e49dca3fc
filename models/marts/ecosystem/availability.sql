with models as (

    select * from {{ ref('int_models_current') }}

),

traits as (

    select * from {{ ref('int_model_traits') }}

),

-- Named one by one: a feature that no model has any more is a row that says so.
features (feature) as (

    values
    ('endpoints_compatible'),
    ('safetensors'),
    ('autotrain_compatible'),
    ('custom_code'),
    ('doi')

),

model_features as (

    select
        model_key,
        trait_value as feature
    from traits
    where trait = 'flag'
    union all
    -- A model can have several DOIs.
    select distinct
        model_key,
        trait as feature
    from traits
    where trait = 'doi'

),

totals as (

    select
        count(*) as n_models,
        count(downloads) as n_models_with_downloads,
        sum(downloads) as n_downloads
    from models

),

with_feature as (

    select
        features.feature,
        count(models.model_key) as n_models,
        count(models.downloads) as n_models_with_downloads,
        sum(models.downloads) as n_downloads
    from features
    left join model_features on features.feature = model_features.feature
    left join models on model_features.model_key = models.model_key
    group by features.feature

),

final as (

    select
        with_feature.feature,
        with_feature.n_models,
        with_feature.n_models / cast(nullif(totals.n_models, 0) as double) as share_of_models,
        with_feature.n_downloads / nullif(cast(with_feature.n_models_with_downloads as double), 0)
            as mean_downloads_with,
        (totals.n_downloads - coalesce(with_feature.n_downloads, 0))
        / nullif(cast(totals.n_models_with_downloads - with_feature.n_models_with_downloads as double), 0)
            as mean_downloads_without
    from with_feature
    cross join totals

)

select * from final
