-- Counts reach 10^38. They are text, because numbers in the browser are exact only up to 2^53.
select shape_number, shape, title, edges, format('{:,}', cast(n_occurrences as hugeint)) as n_occurrences
from read_parquet('${parquet}/subgraph_occurrences.parquet')
order by shape_number
