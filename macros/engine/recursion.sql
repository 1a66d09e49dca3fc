{#
    Walks over the relation `edges` (edge_set, parent_key, child_key: distinct rows), as common table expressions after
    `with_recursive()`. Where several paths may lead to a node, a walk keeps one row a key with the best value so far
    (USING KEY) and goes on only from rows that improved, so the work is bounded by pairs x improvements: cycles end, and
    the exponentially many paths of a ladder of diamonds cost nothing. To look rows up is what is dear in it. Where only
    one path leads, every row found is new, and a walk that looks nothing up takes a fifth of the time.
#}

{# The word that begins common table expressions of which some refer to themselves. #}
{% macro with_recursive() -%}
    {{ return(adapter.dispatch('with_recursive', 'phylohub')()) }}
{%- endmacro %}

{% macro duckdb__with_recursive() -%}
    with recursive
{%- endmacro %}


{# The nodes that several paths lead to: those with several parents, and all below. Only for acyclic edges. #}
{% macro multipath_nodes(edges) -%}
    {{ return(adapter.dispatch('multipath_nodes', 'phylohub')(edges)) }}
{%- endmacro %}

{% macro duckdb__multipath_nodes(edges) -%}
multipath_nodes as (
    select edge_set, child_key as model_key
    from {{ edges }}
    group by edge_set, child_key
    having count(*) > 1
    union
    select edges.edge_set, edges.child_key
    from multipath_nodes
    inner join {{ edges }} as edges
        on multipath_nodes.edge_set = edges.edge_set and multipath_nodes.model_key = edges.parent_key
)
{%- endmacro %}


{# For every node the root that it comes from, and how far. Only for `edges` of trees: no node has two parents. #}
{% macro tree_paths(edges, roots) -%}
    {{ return(adapter.dispatch('tree_paths', 'phylohub')(edges, roots)) }}
{%- endmacro %}

{% macro duckdb__tree_paths(edges, roots) -%}
tree_paths as (
    select edge_set, model_key, model_key as root_key, 0 as depth
    from {{ roots }}
    union all
    select edges.edge_set, edges.child_key, tree_paths.root_key, tree_paths.depth + 1
    from tree_paths
    inner join {{ edges }} as edges
        on tree_paths.edge_set = edges.edge_set and tree_paths.model_key = edges.parent_key
)
{%- endmacro %}


{# Every (ancestor, descendant) with its distance, for `edges` of trees. #}
{% macro tree_closure(edges) -%}
    {{ return(adapter.dispatch('tree_closure', 'phylohub')(edges)) }}
{%- endmacro %}

{% macro duckdb__tree_closure(edges) -%}
tree_closure as (
    select edge_set, parent_key as ancestor_key, child_key as descendant_key, 1 as distance
    from {{ edges }}
    union all
    select tree_closure.edge_set, edges.parent_key, tree_closure.descendant_key, tree_closure.distance + 1
    from tree_closure
    inner join {{ edges }} as edges
        on tree_closure.edge_set = edges.edge_set and tree_closure.ancestor_key = edges.child_key
)
{%- endmacro %}


{# Every (ancestor, descendant) with its shortest distance. On a cycle a node is its own ancestor. With `targets`
   (edge_set, model_key) only pairs whose descendant is one of them: the walk goes up from there. #}
{% macro transitive_closure(edges, targets=none) -%}
    {{ return(adapter.dispatch('transitive_closure', 'phylohub')(edges, targets)) }}
{%- endmacro %}

{% macro duckdb__transitive_closure(edges, targets=none) -%}
closure (edge_set, ancestor_key, descendant_key, distance)
    using key (edge_set, ancestor_key, descendant_key, min(distance))
as (
    select edges.edge_set, edges.parent_key, edges.child_key, 1
    from {{ edges }} as edges
    {%- if targets is not none %}
    inner join {{ targets }} as targets
        on edges.edge_set = targets.edge_set and edges.child_key = targets.model_key
    {%- endif %}
    union
    select closure.edge_set, edges.parent_key, closure.descendant_key, closure.distance + 1
    from closure
    inner join {{ edges }} as edges
        on closure.edge_set = edges.edge_set and closure.ancestor_key = edges.child_key
)
{%- endmacro %}


{# For every node of `starts` (edge_set, model_key, depth) and below the longest path that ends there. Only for acyclic
   edges: a cycle would never end. #}
{% macro longest_paths(edges, starts) -%}
    {{ return(adapter.dispatch('longest_paths', 'phylohub')(edges, starts)) }}
{%- endmacro %}

{% macro duckdb__longest_paths(edges, starts) -%}
longest_paths (edge_set, model_key, depth)
    using key (edge_set, model_key, max(depth))
as (
    select edge_set, model_key, depth
    from {{ starts }}
    union
    select longest_paths.edge_set, edges.child_key, longest_paths.depth + 1
    from longest_paths
    inner join {{ edges }} as edges
        on longest_paths.edge_set = edges.edge_set and longest_paths.model_key = edges.parent_key
)
{%- endmacro %}


{# For every node the smallest key of its weakly connected component. #}
{% macro connected_components(edges) -%}
    {{ return(adapter.dispatch('connected_components', 'phylohub')(edges)) }}
{%- endmacro %}

{% macro duckdb__connected_components(edges) -%}
neighbours as (
    select edge_set, parent_key as model_key, child_key as neighbour_key from {{ edges }}
    union
    select edge_set, child_key, parent_key from {{ edges }}
),

connected_components (edge_set, model_key, family_key)
    using key (edge_set, model_key, min(family_key))
as (
    select distinct edge_set, model_key, model_key
    from neighbours
    union
    select connected_components.edge_set, neighbours.neighbour_key, connected_components.family_key
    from connected_components
    inner join neighbours
        on connected_components.edge_set = neighbours.edge_set
        and connected_components.model_key = neighbours.model_key
    where connected_components.family_key < neighbours.neighbour_key
)
{%- endmacro %}


{#
    The nodes that can lie on a cycle, in two common table expressions: `below` are those that a backward edge (from a
    larger key to a smaller one) leads to, over any number of edges, `above` those that lead to one. A cycle cannot go
    up in keys all the way, so it holds a backward edge, and all its nodes are in both.
#}
{% macro around_backward_edges(edges) -%}
    {{ return(adapter.dispatch('around_backward_edges', 'phylohub')(edges)) }}
{%- endmacro %}

{% macro duckdb__around_backward_edges(edges) -%}
below as (
    select edge_set, child_key as model_key
    from {{ edges }}
    where parent_key > child_key
    union
    select edges.edge_set, edges.child_key
    from below
    inner join {{ edges }} as edges
        on below.edge_set = edges.edge_set and below.model_key = edges.parent_key
),

above as (
    select edge_set, parent_key as model_key
    from {{ edges }}
    where parent_key > child_key
    union
    select edges.edge_set, edges.parent_key
    from above
    inner join {{ edges }} as edges
        on above.edge_set = edges.edge_set and above.model_key = edges.child_key
)
{%- endmacro %}
