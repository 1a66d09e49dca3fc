with edges as (

    select * from {{ ref('int_lineage_edges') }}

),

acyclic_edges as (

    select * from {{ ref('int_acyclic_edges') }}

),

final as (

    -- Similarity has no direction, but a cycle does not tell which of two models is the child.
    select
        edges.relation,
        edges.parent_key,
        edges.child_key
    from edges
    inner join acyclic_edges
        on edges.parent_key = acyclic_edges.parent_key and edges.child_key = acyclic_edges.child_key
    where edges.relation in ('merge', 'finetune') and acyclic_edges.edge_set = 'all'

)

select * from final
