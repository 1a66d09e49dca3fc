with edges as (

    select * from {{ ref('int_paper_edges_by_relation') }}

),

transitions as (

    select * from {{ ref('int_pair_transitions') }}
    where n_paper > 0

),

final as (

    select
        transitions.trait,
        edges.relation,
        transitions.from_value,
        transitions.to_value,
        cast(sum(transitions.n_paper) as bigint) as n_transitions
    from transitions
    inner join edges
        on transitions.parent_key = edges.parent_key and transitions.child_key = edges.child_key
    group by transitions.trait, edges.relation, transitions.from_value, transitions.to_value

)

select * from final
