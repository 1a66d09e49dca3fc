-- All declared edges except self-loops. family_id and weight are for drawing trees: family_id is the family without
-- merges, null for edges that no tree contains (merges, edges cut from cycles, edges without their parent); weight is the
-- number of the child's descendants.
with ancestry as (
    select model_id, family_id, n_descendants
    from read_parquet('${parquet}/model_ancestry.parquet')
    where edge_set = 'no_merge'
)

select
    edges.parent_id,
    edges.child_id,
    edges.relation,
    edges.parent_in_hub,
    case when edges.relation <> 'merge' and edges.parent_in_hub and not edges.is_cut_no_merge then ancestry.family_id end as family_id,
    ancestry.n_descendants as weight
from read_parquet('${parquet}/lineage_edges.parquet') as edges
left join ancestry on edges.child_id = ancestry.model_id
where not edges.is_self_loop
order by family_id nulls last, weight desc nulls last, parent_id, child_id, relation
