with models as (

    select * from {{ ref('int_models_current') }}

),

traits as (

    select * from {{ ref('int_model_traits') }}

),

features as (

    select distinct
        model_key,
        case trait when 'doi' then 'doi' else trait_value end as feature
    from traits
    where
        trait = 'doi'
        or (
            trait = 'flag'
            and trait_value in ('endpoints_compatible', 'safetensors', 'autotrain_compatible', 'custom_code')
        )

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
        count(*) as n_models,
        count(models.downloads) as n_models_with_downloads,
        sum(models.downloads) as n_downloads
    from features
    inner join models on features.model_key = models.model_key
    group by features.feature

),

final as (

    select
        with_feature.feature,
        with_feature.n_models,
        with_feature.n_models / cast(totals.n_models as double) as share_of_models,
        with_feature.n_downloads / nullif(cast(with_feature.n_models_with_downloads as double), 0)
            as mean_downloads_with,
        (totals.n_downloads - with_feature.n_downloads)
        / nullif(cast(totals.n_models_with_downloads - with_feature.n_models_with_downloads as double), 0)
            as mean_downloads_without
    from with_feature
    cross join totals

)

select * from final
