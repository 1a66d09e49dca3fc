-- The 5,000 findings of severity high and medium about declared terms whose models have the most downloads.
select
    model_id,
    '/model/?id=' || url_encode(model_id) as link,
    model_license,
    finding,
    severity,
    upstream_license,
    ancestor_id,
    distance,
    clause,
    downloads
from read_parquet('${parquet}/license_findings.parquet')
where severity in ('high', 'medium') and certainty in ('declared', 'named')
order by downloads desc, model_id, finding, upstream_license, other_license
limit 5000
