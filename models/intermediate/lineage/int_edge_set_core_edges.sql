{{ with_recursive() }}

{{ cycle_candidates(ref('int_edge_set_edges')) }},

final as (

    -- Few edges remain, which makes the search for cycles fast.
    select
        edges.edge_set,
        edges.parent_key,
        edges.child_key
    from {{ ref('int_edge_set_edges') }} as edges
    inner join below_backward_edges as parents_below
        on edges.edge_set = parents_below.edge_set and edges.parent_key = parents_below.model_key
    inner join above_backward_edges as parents_above
        on edges.edge_set = parents_above.edge_set and edges.parent_key = parents_above.model_key
    inner join below_backward_edges as children_below
        on edges.edge_set = children_below.edge_set and edges.child_key = children_below.model_key
    inner join above_backward_edges as children_above
        on edges.edge_set = children_above.edge_set and edges.child_key = children_above.model_key

)

select * from final
