-- Models with a page: up to the limit, models with relatives first, then those with the most descendants and downloads.
-- Sorted by id, so that the browser reads one row group to find a model.
with models as (
    select *
    from read_parquet('${parquet}/models.parquet')
    order by n_parents + n_children > 0 desc, n_descendants desc, downloads desc nulls last, model_id
    limit ${models}
),

licenses as (
    select model_id, string_agg(license, ', ' order by license) as licenses
    from read_parquet('${parquet}/model_licenses.parquet')
    group by model_id
),

languages as (
    select model_id, string_agg(language, ', ' order by language) as languages
    from (
        select distinct model_id, language
        from read_parquet('${parquet}/model_languages.parquet')
        qualify dense_rank() over (partition by model_id order by language) <= 10
    )
    group by model_id
),

ancestry as (
    select model_id, family_id, generation, depth
    from read_parquet('${parquet}/model_ancestry.parquet')
    where edge_set = 'no_merge'
)

select
    models.model_id,
    '/model/?id=' || url_encode(models.model_id) as link,
    models.author,
    models.task,
    models.library,
    licenses.licenses,
    languages.languages,
    models.downloads,
    models.likes,
    models.n_parameters,
    models.n_parents,
    models.n_children,
    models.n_descendants,
    ancestry.family_id,
    ancestry.generation,
    ancestry.depth,
    models.created_at,
    models.is_synthetic
from models
left join licenses using (model_id)
left join languages using (model_id)
left join ancestry using (model_id)
order by models.model_id
