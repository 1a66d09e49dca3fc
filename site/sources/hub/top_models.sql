select metric, place, model_id, '/model/?id=' || url_encode(model_id) as link, value
from read_parquet('${parquet}/top_models.parquet')
where place <= 100
order by metric, place
