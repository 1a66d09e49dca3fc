{{ transitive_closure(ref('int_acyclic_edges')) }}, -- noqa: PRS, `using key` is beyond sqlfluff's grammar

final as (

    select
        edge_set,
        ancestor_key,
        descendant_key,
        distance
    from closure

)

select * from final
