with orders as (

    select * from {{ ref('int_trait_orders') }}
    where counting = 'ours'

),

final as (

    select
        ---- keys
        trait,
        relation,
        weighting,
        place,

        ---- value and its places
        trait_value as value,
        earliest_place,
        latest_place,
        place_low,
        place_high
    from orders

)

select * from final
