{{ with_recursive() }}

{{ multipath_nodes(ref('int_acyclic_edges')) }},

final as (

    select
        edge_set,
        model_key
    from multipath_nodes

)

select * from final
