from read_parquet('${parquet}/relation_stats.parquet') order by n_edges desc, relation
