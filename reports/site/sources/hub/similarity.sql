from read_parquet('${parquet}/similarity_estimates.parquet') order by artifact, measure, mean desc, shape, pair
