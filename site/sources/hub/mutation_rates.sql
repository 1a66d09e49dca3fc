from read_parquet('${parquet}/mutation_rates.parquet') order by trait, relation
