from read_parquet('${parquet}/tag_drift.parquet') order by n_models desc, kind, value limit 500
