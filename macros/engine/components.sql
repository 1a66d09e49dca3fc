{# Recursive walks that find connected components and cycles, with the keys and rules of recursion.sql. #}

{# The smallest key in the weakly connected component of every node. #}
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
    Two CTEs of nodes: `below_backward_edges` can be reached from a backward edge (from a larger key to a smaller
    one), `above_backward_edges` lead to one. Keys cannot grow all around a cycle, so every cycle has a backward edge,
    and all its nodes are in both CTEs.
#}
{% macro cycle_candidates(edges) -%}
    {{ return(adapter.dispatch('cycle_candidates', 'phylohub')(edges)) }}
{%- endmacro %}

{% macro duckdb__cycle_candidates(edges) -%}
{%- for name, start, end in [
    ('below_backward_edges', 'parent_key', 'child_key'),
    ('above_backward_edges', 'child_key', 'parent_key'),
] %}
{{ name }} as (
    select edge_set, {{ end }} as model_key
    from {{ edges }}
    where parent_key > child_key
    union
    select edges.edge_set, edges.{{ end }}
    from {{ name }}
    inner join {{ edges }} as edges
        on {{ name }}.edge_set = edges.edge_set and {{ name }}.model_key = edges.{{ start }}
){{ ',' if not loop.last }}
{%- endfor %}
{%- endmacro %}
