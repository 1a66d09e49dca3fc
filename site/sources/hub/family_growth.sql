-- The growth of the ten largest families.
with families as (
    select edge_set, family_id, n_models as size
    from read_parquet('${parquet}/families.parquet')
    where edge_set = 'no_merge'
    order by n_models desc, family_id
    limit 10
)

select growth.family_id, growth.month, growth.n_models, growth.n_models_total
from read_parquet('${parquet}/family_growth.parquet') as growth
inner join families using (edge_set, family_id)
order by families.size desc, growth.family_id, growth.month
