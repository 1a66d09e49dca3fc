with orders as (

    select * from {{ ref('int_trait_orders') }}
    where counting = 'ours' and trait = 'task'

),

tasks as (

    select * from {{ ref('tasks') }}

),

final as (

    select
        coalesce(tasks.modality, 'unknown') as task_group,
        orders.relation,
        orders.weighting,
        count(*) as n_tasks,
        sum(orders.place) / cast(count(*) as double) as mean_place,
        min(orders.place) as first_place,
        max(orders.place) as last_place
    from orders
    left join tasks on orders.trait_value = tasks.task
    group by coalesce(tasks.modality, 'unknown'), orders.relation, orders.weighting

)

select * from final
