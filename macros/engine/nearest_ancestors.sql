{#
    Walks up from the edges of `starts` through the edges of `edges` (both: parent_key, child_key, path, relations), as
    the CTE `nearest_ancestors`: every pair of ancestor and descendant with its shortest path. Ties go to the first path
    in byte order. The walk goes on only from models of `through` (model_key), and cycles end.
#}
{% macro nearest_ancestors(starts, edges, through) -%}
    {{ return(adapter.dispatch('nearest_ancestors', 'phylohub')(starts, edges, through)) }}
{%- endmacro %}

{% macro duckdb__nearest_ancestors(starts, edges, through) -%}
best_paths (ancestor_key, descendant_key, best)
    using key (ancestor_key, descendant_key, min(best))
as (
    select
        parent_key,
        child_key,
        struct_pack(distance := 1, path := parent_id || ' > ' || child_id, relations := relation)
    from {{ starts }}
    union
    select
        edges.parent_key,
        best_paths.descendant_key,
        struct_pack(
            distance := best_paths.best.distance + 1,
            path := edges.parent_id || ' > ' || best_paths.best.path,
            relations := edges.relation || ' > ' || best_paths.best.relations
        )
    from best_paths
    inner join {{ through }} as passed on best_paths.ancestor_key = passed.model_key
    inner join {{ edges }} as edges on best_paths.ancestor_key = edges.child_key
),

nearest_ancestors as (
    select ancestor_key, descendant_key, best.distance, best.path, best.relations
    from best_paths
)
{%- endmacro %}
