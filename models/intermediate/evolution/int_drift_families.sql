with drifts as (

    select * from {{ ref('int_trait_drift_counts') }}
    where counting = 'ours'

),

transitions as (

    select * from {{ ref('int_family_transitions') }}

),

both_ways as (

    select
        drifts.trait,
        drifts.relation,
        drifts.from_value,
        drifts.to_value,
        transitions.family_key,
        transitions.n_transitions as n_forward,
        0 as n_backward
    from drifts
    inner join transitions
        on
            drifts.trait = transitions.trait
            and drifts.relation = transitions.relation
            and drifts.from_value = transitions.from_value
            and drifts.to_value = transitions.to_value
    union all
    select
        drifts.trait,
        drifts.relation,
        drifts.from_value,
        drifts.to_value,
        transitions.family_key,
        0 as n_forward,
        transitions.n_transitions as n_backward
    from drifts
    inner join transitions
        on
            drifts.trait = transitions.trait
            and drifts.relation = transitions.relation
            and drifts.from_value = transitions.to_value
            and drifts.to_value = transitions.from_value

),

final as (

    select
        trait,
        relation,
        from_value,
        to_value,
        family_key,
        cast(sum(n_forward) as bigint) as n_forward,
        cast(sum(n_backward) as bigint) as n_backward
    from both_ways
    group by trait, relation, from_value, to_value, family_key

)

select * from final
