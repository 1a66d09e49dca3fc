from read_parquet('${parquet}/language_drift.parquet') order by relation
