-- The 100 drifts with the most traffic per trait and relation.
from read_parquet('${parquet}/trait_drifts.parquet')
where traffic > 0
qualify row_number() over (partition by trait, relation order by traffic desc, from_value, to_value) <= 100
order by trait, relation, traffic desc, from_value, to_value
