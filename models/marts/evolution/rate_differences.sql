with differences as (

    select * from {{ ref('int_rate_differences') }}

),

final as (

    select
        ---- keys
        trait,
        relation,
        relation_compared,

        ---- rates
        n_edges,
        n_edges_compared,
        value as rate,
        value_compared as rate_compared,

        ---- difference of the rates
        difference,
        low as difference_low,
        high as difference_high,
        n_families_effective,
        share_of_largest_family,
        interval_method
    from differences

)

select * from final
