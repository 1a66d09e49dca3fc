with edges as (

    select
        *,
        parent_in_hub and not is_self_loop as is_counted
    from {{ ref('int_lineage_edges') }}

),

parents as (

    select distinct parent_key from {{ ref('int_edge_set_edges') }}
    where edge_set = 'all'

),

counted as (

    select
        edges.relation,
        count(*) as n_edges,
        count(*) filter (where not edges.parent_in_hub) as n_edges_without_parent,
        count(*) filter (where edges.is_self_loop) as n_self_loops,
        count(*) filter (where edges.is_counted) as n_edges_counted,
        count(*) filter (where edges.is_counted and parents.parent_key is not null) as n_edges_to_parents,
        count(distinct edges.child_key) filter (where edges.is_counted) as n_children,
        count(distinct parents.parent_key) filter (where edges.is_counted) as n_children_with_children
    from edges
    left join parents on edges.child_key = parents.parent_key
    group by edges.relation

),

paper as (

    select * from {{ ref('int_paper_relation_counts') }}

),

final as (

    select
        coalesce(counted.relation, paper.relation) as relation,
        coalesce(counted.n_edges, 0) as n_edges,
        coalesce(paper.n_edges, 0) as n_edges_paper,
        coalesce(counted.n_edges_without_parent, 0) as n_edges_without_parent,
        coalesce(counted.n_self_loops, 0) as n_self_loops,
        coalesce(counted.n_edges_counted, 0) as n_edges_counted,
        coalesce(counted.n_children, 0) as n_children,
        coalesce(counted.n_children_with_children, 0) as n_children_with_children,
        coalesce(paper.n_children_with_children, 0) as n_children_with_children_paper,
        counted.n_edges_to_parents / cast(nullif(counted.n_edges_counted, 0) as double) as share_of_edges_to_parents
    from counted
    full outer join paper on counted.relation = paper.relation

)

select * from final
