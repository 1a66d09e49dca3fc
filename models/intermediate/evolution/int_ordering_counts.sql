with orders as (

    select * from {{ ref('int_trait_orders') }}

),

drifts as (

    select * from {{ ref('int_trait_drift_counts') }}

),

final as (

    -- Joins each drift to the places of its two values.
    select
        orders.counting,
        orders.trait,
        orders.relation,
        orders.weighting,
        count(*) filter (where drifts.n_forward > drifts.n_backward) as n_drifts,
        count(*) filter (where drifts.n_forward > drifts.n_backward and orders.place < targets.place)
            as n_drifts_compatible,
        cast(sum(drifts.n_forward + drifts.n_backward) as bigint) as n_transitions,
        cast(
            sum(case when orders.place < targets.place then drifts.n_forward else drifts.n_backward end) as bigint
        ) as n_transitions_compatible
    from drifts
    inner join orders
        on
            drifts.counting = orders.counting
            and drifts.trait = orders.trait
            and drifts.relation = orders.relation
            and drifts.from_value = orders.trait_value
    inner join orders as targets
        on
            drifts.counting = targets.counting
            and drifts.trait = targets.trait
            and drifts.relation = targets.relation
            and drifts.to_value = targets.trait_value
            and orders.weighting = targets.weighting
    group by orders.counting, orders.trait, orders.relation, orders.weighting

)

select * from final
