from read_parquet('${parquet}/similarity_differences.parquet') order by artifact, measure, relation, relation_compared, shape
