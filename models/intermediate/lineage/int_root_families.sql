{{ with_recursive() }} models as ( -- noqa: PRS, sqlfluff cannot parse `using key`

    select edge_set, model_key, root_key from {{ ref('int_single_path_models') }}
    union all
    select edge_set, model_key, root_key from {{ ref('int_multipath_relatives') }}

),

connecting_edges as (

    -- A model with a single path has its parent's root, so only the other edges connect the trees of two roots.
    select edges.*
    from {{ ref('int_acyclic_edges') }} as edges
    inner join {{ ref('int_multipath_models') }} as multipath
        on edges.edge_set = multipath.edge_set and edges.child_key = multipath.model_key
    union all
    select
        edge_set,
        parent_key,
        child_key
    from {{ ref('int_cycle_edges') }}
    where is_cut

),

root_edges as (

    select distinct
        connecting_edges.edge_set,
        parents.root_key as parent_key,
        children.root_key as child_key
    from connecting_edges
    inner join models as parents
        on connecting_edges.edge_set = parents.edge_set and connecting_edges.parent_key = parents.model_key
    inner join models as children
        on connecting_edges.edge_set = children.edge_set and connecting_edges.child_key = children.model_key
    where parents.root_key <> children.root_key

),

{{ connected_components('root_edges') }},

trees as (

    select
        edge_set,
        root_key,
        min(model_key) as oldest_key
    from models
    group by edge_set, root_key

),

final as (

    select
        trees.edge_set,
        trees.root_key,
        min(trees.oldest_key) over (
            partition by trees.edge_set, coalesce(components.family_key, trees.root_key)
        ) as family_key
    from trees
    left join connected_components as components
        on trees.edge_set = components.edge_set and trees.root_key = components.model_key

)

select * from final
