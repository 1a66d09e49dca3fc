from read_parquet('${parquet}/card_stats.parquet')
