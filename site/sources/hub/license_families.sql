-- The 500 families with the most inconsistent lineages, in the edge set resolved.
select
    family_id,
    '/model/?id=' || url_encode(family_id) as link,
    n_models,
    n_inconsistent,
    n_unknown,
    share_inconsistent
from read_parquet('${parquet}/license_conflicts_by_family.parquet')
where n_inconsistent > 0
order by n_inconsistent desc, family_id
limit 500
