from read_parquet('${parquet}/license_category_places.parquet')
where weighting = 'weighted'
order by taxonomy, relation, mean_place, category
