{{ connected_components(ref('int_edge_set_edges')) }}, -- noqa: PRS, `using key` is beyond sqlfluff's grammar

final as (

    select
        edge_set,
        model_key,
        family_key
    from connected_components

)

select * from final
