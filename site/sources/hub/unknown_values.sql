from read_parquet('${parquet}/unknown_values.parquet') order by n_models desc, kind, value limit 500
