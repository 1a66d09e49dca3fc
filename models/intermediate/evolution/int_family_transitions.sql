with edges as (

    select * from {{ ref('int_evolution_edges') }}

),

transitions as (

    select * from {{ ref('int_pair_transitions') }}

),

final as (

    select
        transitions.trait,
        edges.relation,
        edges.family_key,
        transitions.from_value,
        transitions.to_value,
        count(*) filter (where transitions.is_transition) as n_transitions,
        sum(case when edges.is_paper_edge then transitions.n_paper else 0 end) as n_transitions_paper
    from transitions
    inner join edges
        on transitions.parent_key = edges.parent_key and transitions.child_key = edges.child_key
    group by
        transitions.trait, edges.relation, edges.family_key, transitions.from_value, transitions.to_value

)

select * from final
