{{ longest_paths(ref('int_acyclic_edges')) }}, -- noqa: PRS, `using key` is beyond sqlfluff's grammar

final as (

    select
        edge_set,
        model_key,
        depth
    from longest_paths

)

select * from final
