select snapshot, path, n_records, share_of_records, share_null, json_types
from read_parquet('${parquet}/api_field_profile.parquet')
order by snapshot desc, n_records desc, path
limit 1000
