-- Models by finding. is_dropped: the model's own license does not have the term.
select
    finding,
    severity,
    words,
    term,
    coalesce(finding = term || '_dropped', false) as is_dropped,
    count(distinct model_id) as n_models
from read_parquet('${parquet}/license_findings.parquet')
group by all
order by n_models desc, finding
