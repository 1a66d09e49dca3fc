from read_parquet('${parquet}/card_drift.parquet') order by relation
