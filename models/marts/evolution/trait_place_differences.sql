with differences as (

    select * from {{ ref('int_trait_place_differences') }}

),

final as (

    select
        ---- keys
        trait,
        relation,
        weighting,
        value_a,
        value_b,

        ---- places in the order shown
        place_a,
        place_b,

        ---- all optimal orders
        difference_min,
        difference_max,
        difference_min > 0 as is_always_before,
        difference_max < 0 as is_always_after
    from differences

)

select * from final
