{{ longest_paths(ref('int_acyclic_edges')) }}, -- noqa: PRS, `using key` is beyond sqlfluff's grammar

final as (

    -- A model whose edges all lay on cycles and were cut has no path left: it stays in its family, as a root.
    select
        families.edge_set,
        families.model_key,
        coalesce(longest_paths.depth, 0) as depth
    from {{ ref('int_model_families') }} as families
    left join longest_paths
        on families.edge_set = longest_paths.edge_set and families.model_key = longest_paths.model_key

)

select * from final
