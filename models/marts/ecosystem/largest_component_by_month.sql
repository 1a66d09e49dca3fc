with components as (

    select * from {{ ref('int_components_by_month') }}

),

final as (

    select
        ---- keys
        edge_set,
        month,

        ---- graph at the end of the month
        n_models as n_models_total,
        n_edges as n_edges_total,

        ---- components
        n_models_largest,
        n_models_second,
        n_models_largest / cast(n_models as double) as share_of_models_largest
    from components

)

select * from final
