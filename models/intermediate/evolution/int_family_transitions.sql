with edges as (

    select * from {{ ref('int_evolution_edges') }}

),

transitions as (

    select * from {{ ref('int_pair_transitions') }}
    where is_transition

),

final as (

    select
        transitions.trait,
        edges.relation,
        edges.family_key,
        transitions.from_value,
        transitions.to_value,
        count(*) as n_transitions
    from transitions
    inner join edges
        on transitions.parent_key = edges.parent_key and transitions.child_key = edges.child_key
    group by
        transitions.trait, edges.relation, edges.family_key, transitions.from_value, transitions.to_value

)

select * from final
