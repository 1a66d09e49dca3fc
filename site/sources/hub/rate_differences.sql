from read_parquet('${parquet}/rate_differences.parquet') order by trait, relation, relation_compared
