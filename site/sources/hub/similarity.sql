select estimates.*, shapes.shape_number, shapes.title, shapes.edges
from read_parquet('${parquet}/similarity_estimates.parquet') as estimates
inner join read_parquet('${parquet}/subgraph_occurrences.parquet') as shapes using (shape)
order by artifact, measure, mean desc, shape, pair
