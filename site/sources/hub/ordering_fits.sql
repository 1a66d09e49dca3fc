select * exclude (seconds)
from read_parquet('${parquet}/trait_ordering_fits.parquet')
order by trait, relation, weighting
