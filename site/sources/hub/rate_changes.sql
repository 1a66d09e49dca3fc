from read_parquet('${parquet}/rate_changes.parquet') order by measure, trait, relation
