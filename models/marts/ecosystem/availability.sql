with models as (

    select * from {{ ref('int_models_current') }}

),

traits as (

    select * from {{ ref('int_model_traits') }}

),

-- Named one by one: a feature that no model has any more is a row that says so.
features (feature, trait) as (

    values
    ('endpoints_compatible', 'flag'),
    ('safetensors', 'flag'),
    ('autotrain_compatible', 'flag'),
    ('custom_code', 'flag'),
    ('doi', 'doi')

),

model_features as (

    select distinct
        traits.model_key,
        features.feature
    from traits
    inner join features
        on
            traits.trait = features.trait
            and (features.trait = 'doi' or traits.trait_value = features.feature)

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
