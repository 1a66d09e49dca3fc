select lineage_status, n_models, downloads, share_of_models, share_of_models_with_parent, share_of_downloads
from read_parquet('${parquet}/license_consistency.parquet')
order by n_models desc, lineage_status
