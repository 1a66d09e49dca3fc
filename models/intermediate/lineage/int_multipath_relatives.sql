{{ with_recursive() }} edges as ( -- noqa: PRS, `using key` is beyond sqlfluff's grammar

    select edges.*
    from {{ ref('int_acyclic_edges') }} as edges
    inner join {{ ref('int_multipath_models') }} as multipath
        on edges.edge_set = multipath.edge_set and edges.child_key = multipath.model_key

),

single_paths as (

    select * from {{ ref('int_single_path_models') }}

),

entries as (

    select
        edges.edge_set,
        edges.child_key as model_key,
        max(single_paths.depth) + 1 as depth
    from edges
    inner join single_paths
        on edges.edge_set = single_paths.edge_set and edges.parent_key = single_paths.model_key
    group by edges.edge_set, edges.child_key

),

{{ longest_paths('edges', 'entries') }},

pairs as (

    select
        closure.edge_set,
        closure.descendant_key as model_key,
        closure.distance,
        roots.root_key
    from {{ ref('int_lineage_closure') }} as closure
    inner join {{ ref('int_multipath_models') }} as multipath
        on closure.edge_set = multipath.edge_set and closure.descendant_key = multipath.model_key
    left join single_paths as roots
        on closure.edge_set = roots.edge_set and closure.ancestor_key = roots.model_key and roots.depth = 0

),

counted as (

    select
        edge_set,
        model_key,
        count(*) filter (where distance = 1) as n_parents,
        count(*) as n_ancestors,
        count(root_key) as n_roots,
        min(distance) filter (where root_key is not null) as generation
    from pairs
    group by edge_set, model_key

),

nearest as (

    -- The nearest root, the oldest of several as near.
    select
        counted.edge_set,
        counted.model_key,
        min(pairs.root_key) as root_key
    from counted
    inner join pairs
        on
            counted.edge_set = pairs.edge_set
            and counted.model_key = pairs.model_key
            and counted.generation = pairs.distance
    group by counted.edge_set, counted.model_key

),

final as (

    select
        counted.edge_set,
        counted.model_key,
        nearest.root_key,
        counted.n_parents,
        counted.n_ancestors,
        counted.n_roots,
        counted.generation,
        longest_paths.depth
    from counted
    inner join nearest on counted.edge_set = nearest.edge_set and counted.model_key = nearest.model_key
    inner join longest_paths
        on counted.edge_set = longest_paths.edge_set and counted.model_key = longest_paths.model_key

)

select * from final
