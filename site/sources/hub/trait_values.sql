-- The 50 most frequent values per trait.
select trait, value, n_models, share_of_models, share_of_models_with_trait
from read_parquet('${parquet}/trait_distribution.parquet')
qualify row_number() over (partition by trait order by n_models desc, value) <= 50
order by trait, n_models desc, value
