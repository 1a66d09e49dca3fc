from read_parquet('${parquet}/license_category_drifts.parquet')
where traffic > 0
order by taxonomy, relation, traffic desc, from_category, to_category
