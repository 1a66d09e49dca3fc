{#
    Recursive walks over the relation `edges` (edge_set, parent_key, child_key; no duplicates), as CTEs that follow
    `with_recursive()`. If several paths can lead to a node, the walk keeps one row per key with its best value so far
    (USING KEY) and continues only from rows that improved. So cycles end, and the work is bounded by pairs x
    improvements instead of the number of paths. Looking up rows is the expensive part; walks over trees need no
    lookups, and use plain recursion.
#}

{# Starts a list of CTEs, some of which are recursive. #}
{% macro with_recursive() -%}
    {{ return(adapter.dispatch('with_recursive', 'phylohub')()) }}
{%- endmacro %}

{% macro duckdb__with_recursive() -%}
    with recursive
{%- endmacro %}


{# The nodes that can be reached over several paths: those with several parents and their descendants. Acyclic edges
   only. #}
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


{# Every pair of ancestor and descendant with its shortest distance. On a cycle a node is its own ancestor. `targets`
   (edge_set, model_key) limits the descendants: the walk starts there and goes up. #}
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


{# The longest path to every node of `starts` (edge_set, model_key, depth) and to their descendants. Acyclic edges
   only: on a cycle the walk would not end. #}
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
