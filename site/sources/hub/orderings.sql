from read_parquet('${parquet}/trait_orderings.parquet') order by trait, relation, weighting, place
