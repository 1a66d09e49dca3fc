{# Recursive walks over trees, as CTEs that follow `with_recursive()`. One path leads to each node, so they look up no
   rows. #}

{# The root of every node and its depth below the root. Trees only: no node has two parents. #}
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


{# Every pair of ancestor and descendant with its distance. Trees only. #}
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
