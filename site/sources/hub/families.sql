-- The 5,000 largest families of each edge set.
select
    edge_set,
    family_id,
    '/families/?id=' || url_encode(family_id) as link,
    n_models,
    n_roots,
    depth,
    width,
    structural_virality,
    virality_method,
    first_created_at,
    last_created_at
from read_parquet('${parquet}/families.parquet')
qualify row_number() over (partition by edge_set order by n_models desc, family_id) <= 5000
order by edge_set, n_models desc, family_id
