{{ with_recursive() }} models as ( -- noqa: PRS, `using key` is beyond sqlfluff's grammar

    select edge_set, model_key, root_key from {{ ref('int_single_path_models') }}
    union all
    select edge_set, model_key, root_key from {{ ref('int_multipath_relatives') }}

),

-- Where one path leads to a model, it has the root that its parent has: only other edges join the trees of two roots.
joining as (

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

links as (

    select distinct
        joining.edge_set,
        parents.root_key as parent_key,
        children.root_key as child_key
    from joining
    inner join models as parents on joining.edge_set = parents.edge_set and joining.parent_key = parents.model_key
    inner join models as children on joining.edge_set = children.edge_set and joining.child_key = children.model_key
    where parents.root_key <> children.root_key

),

{{ connected_components('links') }},

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
