{{ with_recursive() }} edges as (

    select * from {{ ref('int_acyclic_edges') }}

),

multipath as (

    select * from {{ ref('int_multipath_models') }}

),

parents as (

    -- A model whose edges were all cut has no path left: it stays in its family, as a root. It is a parent as well,
    -- since it lay on a cycle.
    select distinct
        edge_set,
        parent_key as model_key
    from {{ ref('int_edge_set_edges') }}

),

roots as (

    select
        parents.edge_set,
        parents.model_key
    from parents
    left join edges on parents.edge_set = edges.edge_set and parents.model_key = edges.child_key
    where edges.child_key is null

),

tree_edges as (

    select edges.*
    from edges
    left join multipath on edges.edge_set = multipath.edge_set and edges.child_key = multipath.model_key
    where multipath.model_key is null

),

{{ tree_paths('tree_edges', 'roots') }},

final as (

    select
        edge_set,
        model_key,
        root_key,
        depth
    from tree_paths

)

select * from final
