with edges as (

    select * from {{ ref('int_edge_set_edges') }}

),

cycle_edges as (

    select * from {{ ref('int_cycle_edges') }}

),

final as (

    select
        edges.edge_set,
        edges.parent_key,
        edges.child_key
    from edges
    left join cycle_edges
        on
            edges.edge_set = cycle_edges.edge_set
            and edges.parent_key = cycle_edges.parent_key
            and edges.child_key = cycle_edges.child_key
    where not coalesce(cycle_edges.is_cut, false)

)

select * from final
