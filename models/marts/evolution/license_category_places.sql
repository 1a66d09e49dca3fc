with orders as (

    select * from {{ ref('int_trait_orders') }}
    where counting = 'ours' and trait = 'license'

),

categories as (

    select * from {{ ref('int_license_categories') }}

),

final as (

    select
        categories.taxonomy,
        orders.relation,
        orders.weighting,
        categories.category,
        count(*) as n_licenses,
        sum(orders.place) / cast(count(*) as double) as mean_place,
        min(orders.place) as first_place,
        max(orders.place) as last_place
    from orders
    inner join categories on orders.trait_value = categories.license
    group by categories.taxonomy, orders.relation, orders.weighting, categories.category

)

select * from final
