-- The ten largest families in the last 100 snapshots.
with families as (
    select edge_set, family_id, n_models as size
    from read_parquet('${parquet}/families.parquet')
    where edge_set = 'no_merge'
    order by n_models desc, family_id
    limit 10
)

select listed.family_id, listed.snapshot, listed.taken_at, listed.n_models, listed.n_appeared
from read_parquet('${parquet}/family_snapshots.parquet') as listed
inner join families using (edge_set, family_id)
qualify dense_rank() over (order by listed.taken_at desc) <= 100
order by listed.taken_at, listed.snapshot, families.size desc, listed.family_id
