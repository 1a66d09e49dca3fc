-- Values that a model gained or lost between snapshots, for models with a page. Values that never changed are left out.
with models as (
    select model_id
    from read_parquet('${parquet}/models.parquet')
    order by n_parents + n_children > 0 desc, n_descendants desc, downloads desc nulls last, model_id
    limit ${models}
),

spells as (
    select *, min(valid_from) over (partition by model_id) as first_seen
    from read_parquet('${parquet}/model_trait_history.parquet')
)

select model_id, trait, value, valid_from, valid_to
from spells
inner join models using (model_id)
where valid_to is not null or valid_from > first_seen
order by model_id, valid_from, trait, value
