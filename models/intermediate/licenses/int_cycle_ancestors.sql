{{ with_recursive() }} cut_children as ( -- noqa: PRS, sqlfluff cannot parse `using key`

    select distinct
        edge_set,
        child_key as model_key
    from {{ ref('int_cycle_edges') }}
    where edge_set = 'resolved' and is_cut

),

below_cuts as (

    select
        edge_set,
        model_key
    from cut_children
    union
    select
        closure.edge_set,
        closure.descendant_key as model_key
    from cut_children
    inner join {{ ref('int_lineage_closure') }} as closure
        on cut_children.edge_set = closure.edge_set and cut_children.model_key = closure.ancestor_key

),

edges as (

    select * from {{ ref('int_edge_set_edges') }}
    where edge_set = 'resolved'

),

{{ transitive_closure('edges', 'below_cuts') }},

final as (

    select
        ancestor_key,
        descendant_key,
        distance
    from closure
    where ancestor_key <> descendant_key

)

select * from final
