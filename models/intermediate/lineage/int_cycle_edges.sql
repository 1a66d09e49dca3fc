{{ with_recursive() }} -- noqa: PRS, `using key` is beyond sqlfluff's grammar

{{ transitive_closure(ref('int_edge_set_core_edges')) }},

final as (

    -- An edge lies on a cycle if its child leads back to its parent. Of those the edges from a younger (or equally
    -- old, later in the alphabet) parent are cut: what is left goes up in age, so it has no cycle, whatever the
    -- order of rows.
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
