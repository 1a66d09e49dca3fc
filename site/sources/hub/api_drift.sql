from read_parquet('${parquet}/api_drift.parquet') order by snapshot, severity, kind, path, value limit 1000
