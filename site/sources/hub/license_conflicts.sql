-- The 500 pairs with the most models.
from read_parquet('${parquet}/license_conflicts_by_license.parquet')
order by n_models desc, upstream_license, model_license
limit 500
