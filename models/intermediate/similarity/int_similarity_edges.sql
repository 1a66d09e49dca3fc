with edges as (

    select * from {{ ref('int_acyclic_edges') }}

),

final as (

    -- Subgraphs are sampled from fine-tunes, unless the variable names another edge set.
    select
        parent_key,
        child_key
    from edges
    where edge_set = {{ dbt.string_literal(dbt.escape_single_quotes(var('similarity_edge_set'))) }}

)

select * from final
