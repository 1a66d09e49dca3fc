with edges as (

    select * from {{ ref('int_acyclic_edges') }}

),

final as (

    -- The graph whose subgraphs are sampled: fine-tunes, unless the variable says otherwise.
    select
        parent_key,
        child_key
    from edges
    where edge_set = {{ dbt.string_literal(dbt.escape_single_quotes(var('similarity_edge_set'))) }}

)

select * from final
