{{ with_recursive() }} edges as ( -- noqa: PRS, sqlfluff cannot parse `using key`

    select * from {{ ref('int_acyclic_edges') }}

),

multipath as (

    select * from {{ ref('int_multipath_models') }}

),

tree_edges as (

    select edges.*
    from edges
    left join multipath on edges.edge_set = multipath.edge_set and edges.child_key = multipath.model_key
    where multipath.model_key is null

),

{{ tree_closure('tree_edges') }},

{{ transitive_closure('edges', 'multipath') }},

final as (

    select * from tree_closure
    union all
    select * from closure

)

select * from final
