from read_parquet('${parquet}/snapshot_health.parquet')
