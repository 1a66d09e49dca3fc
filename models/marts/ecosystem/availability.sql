with models as (

    select
        current_models.record_id,
        records.downloads
    from {{ ref('int_models_current') }} as current_models
    inner join {{ ref('int_records_parsed') }} as records on current_models.record_id = records.record_id

),

record_traits as {{ not_materialized() }} (

    select * from {{ ref('int_record_traits') }}
    where is_counted

),

-- Listed explicitly, so that a feature that no model has gets a row with 0 models.
features (feature) as (

    values
    ('endpoints_compatible'),
    ('safetensors'),
    ('autotrain_compatible'),
    ('custom_code'),
    ('doi')

),

record_features as (

    select
        record_id,
        trait_value as feature
    from record_traits
    where trait = 'flag'
    union all
    -- A model can have several DOIs.
    select distinct
        record_id,
        trait as feature
    from record_traits
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
        count(models.record_id) as n_models,
        count(models.downloads) as n_models_with_downloads,
        sum(models.downloads) as n_downloads
    from features
    left join record_features on features.feature = record_features.feature
    left join models on record_features.record_id = models.record_id
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
