{{ with_recursive() }} -- noqa: PRS, sqlfluff cannot parse `using key`

{{ transitive_closure(ref('int_edge_set_core_edges')) }},

final as (

    -- An edge lies on a cycle if its child leads back to its parent. Such an edge is cut if the parent is younger than
    -- the child (ties go by id). All other edges lead from older to younger models, so no cycle is left.
    select
        edges.edge_set,
        edges.parent_key,
        edges.child_key,
        edges.parent_key > edges.child_key as is_cut
    from {{ ref('int_edge_set_core_edges') }} as edges
    inner join closure
        on
            edges.edge_set = closure.edge_set
            and edges.child_key = closure.ancestor_key
            and edges.parent_key = closure.descendant_key

)

select * from final
