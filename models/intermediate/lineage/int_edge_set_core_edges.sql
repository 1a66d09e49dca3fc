with edges as (

    select * from {{ ref('int_edge_set_edges') }}

),

parents as (

    select distinct
        edge_set,
        parent_key as model_key
    from edges

),

children as (

    select distinct
        edge_set,
        child_key as model_key
    from edges

),

final as (

    -- On a cycle every model is a parent and a child; leaving out the rest makes the search for cycles small.
    select
        edges.edge_set,
        edges.parent_key,
        edges.child_key
    from edges
    inner join parents on edges.edge_set = parents.edge_set and edges.child_key = parents.model_key
    inner join children on edges.edge_set = children.edge_set and edges.parent_key = children.model_key

)

select * from final
