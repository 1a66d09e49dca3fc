with orders as (

    select * from {{ ref('int_trait_orders') }}
    where counting = 'paper'

),

final as (

    select
        trait,
        weighting,
        place,
        trait_value as value,
        earliest_place,
        latest_place
    from orders

)

select * from final
