{#
    Walks over the relation `edges` (edge_set, parent_key, child_key: distinct rows). Each keeps one row a key with
    the best value so far (USING KEY) and goes on only from rows that improved, so the work is bounded by
    pairs x improvements: cycles end, and the exponentially many paths of a ladder of diamonds cost nothing.
#}

{# Every (ancestor, descendant) with its shortest distance. On a cycle a node is its own ancestor. #}
{% macro transitive_closure(edges) -%}
    {{ return(adapter.dispatch('transitive_closure', 'phylohub')(edges)) }}
{%- endmacro %}

{% macro duckdb__transitive_closure(edges) -%}
with recursive closure (edge_set, ancestor_key, descendant_key, distance)
    using key (edge_set, ancestor_key, descendant_key, min(distance))
as (
    select edge_set, parent_key, child_key, 1
    from {{ edges }}
    union
    select closure.edge_set, closure.ancestor_key, edges.child_key, closure.distance + 1
    from closure
    inner join {{ edges }} as edges
        on closure.edge_set = edges.edge_set and closure.descendant_key = edges.parent_key
)
{%- endmacro %}


{# For every node the longest path that ends there. Only for acyclic edges: a cycle would never end. #}
{% macro longest_paths(edges) -%}
    {{ return(adapter.dispatch('longest_paths', 'phylohub')(edges)) }}
{%- endmacro %}

{% macro duckdb__longest_paths(edges) -%}
with recursive longest_paths (edge_set, model_key, depth)
    using key (edge_set, model_key, max(depth))
as (
    select distinct parents.edge_set, parents.parent_key, 0
    from {{ edges }} as parents
    left join {{ edges }} as own_parents
        on parents.edge_set = own_parents.edge_set and parents.parent_key = own_parents.child_key
    where own_parents.child_key is null
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
with recursive neighbours as (
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
with recursive below as (
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
