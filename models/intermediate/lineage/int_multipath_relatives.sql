{{ with_recursive() }} edges as ( -- noqa: PRS, sqlfluff cannot parse `using key`

    select edges.*
    from {{ ref('int_acyclic_edges') }} as edges
    inner join {{ ref('int_multipath_models') }} as multipath
        on edges.edge_set = multipath.edge_set and edges.child_key = multipath.model_key

),

single_paths as (

    select * from {{ ref('int_single_path_models') }}

),

entry_models as (

    -- Paths from a root enter the multipath models here.
    select
        edges.edge_set,
        edges.child_key as model_key,
        max(single_paths.depth) + 1 as depth
    from edges
    inner join single_paths
        on edges.edge_set = single_paths.edge_set and edges.parent_key = single_paths.model_key
    group by edges.edge_set, edges.child_key

),

{{ longest_paths('edges', 'entry_models') }},

ancestors as (

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

ancestor_counts as (

    select
        edge_set,
        model_key,
        count(*) filter (where distance = 1) as n_parents,
        count(*) as n_ancestors,
        count(root_key) as n_roots,
        min(distance) filter (where root_key is not null) as generation
    from ancestors
    group by edge_set, model_key

),

nearest_roots as (

    -- Ties go to the oldest root, which has the smallest key.
    select
        ancestor_counts.edge_set,
        ancestor_counts.model_key,
        min(ancestors.root_key) as root_key
    from ancestor_counts
    inner join ancestors
        on
            ancestor_counts.edge_set = ancestors.edge_set
            and ancestor_counts.model_key = ancestors.model_key
            and ancestor_counts.generation = ancestors.distance
    group by ancestor_counts.edge_set, ancestor_counts.model_key

),

final as (

    select
        ancestor_counts.edge_set,
        ancestor_counts.model_key,
        nearest_roots.root_key,
        ancestor_counts.n_parents,
        ancestor_counts.n_ancestors,
        ancestor_counts.n_roots,
        ancestor_counts.generation,
        longest_paths.depth
    from ancestor_counts
    inner join nearest_roots
        on ancestor_counts.edge_set = nearest_roots.edge_set and ancestor_counts.model_key = nearest_roots.model_key
    inner join longest_paths
        on ancestor_counts.edge_set = longest_paths.edge_set and ancestor_counts.model_key = longest_paths.model_key

)

select * from final
