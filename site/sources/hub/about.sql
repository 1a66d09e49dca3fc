-- One row: the snapshot, its size, and how many models are synthetic or have a page.
select
    (select any_value(snapshot) from read_parquet('${parquet}/snapshot_health.parquet')) as snapshot,
    (select any_value(hub_size) from read_parquet('${parquet}/snapshot_health.parquet')) as hub_size,
    (select any_value(share_of_hub) from read_parquet('${parquet}/snapshot_health.parquet')) as share_of_hub,
    (select count(*) from read_parquet('${parquet}/models.parquet')) as n_models,
    (select count(*) from read_parquet('${parquet}/models.parquet') where is_synthetic) as n_synthetic,
    (select count(*) from read_parquet('${parquet}/lineage_edges.parquet')) as n_edges,
    (select count(*) from read_parquet('${parquet}/lineage_edges.parquet') where not parent_in_hub) as n_edges_without_parent,
    (select count(*) from read_parquet('${parquet}/families.parquet') where edge_set = 'no_merge') as n_families,
    (select max(n_models) from read_parquet('${parquet}/families.parquet') where edge_set = 'no_merge') as n_models_of_largest,
    (select max(depth) from read_parquet('${parquet}/families.parquet') where edge_set = 'no_merge') as max_depth,
    least((select count(*) from read_parquet('${parquet}/models.parquet')), ${models}) as n_models_with_page
