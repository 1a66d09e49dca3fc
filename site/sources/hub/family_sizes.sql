-- All families by size, including those that families.sql leaves out.
select edge_set, cast(floor(log2(n_models)) as integer) as doubling, count(*) as n_families, sum(n_models) as n_models
from read_parquet('${parquet}/families.parquet')
group by edge_set, doubling
order by edge_set, doubling
