-- Counts go up to 10^38: text, since a number in the browser is exact up to 2^53 only.
select shape_number, shape, title, edges, format('{:,}', cast(n_occurrences as hugeint)) as n_occurrences
from read_parquet('${parquet}/subgraph_occurrences.parquet')
order by shape_number
