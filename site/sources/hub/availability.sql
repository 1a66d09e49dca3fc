from read_parquet('${parquet}/availability.parquet') order by share_of_models desc, feature
