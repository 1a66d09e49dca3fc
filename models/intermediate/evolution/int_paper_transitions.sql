with edges as (

    select * from {{ ref('int_paper_edges') }}

),

transitions as (

    select * from {{ ref('int_pair_transitions') }}
    where n_paper > 0

),

by_relation as (

    select * from edges
    union all
    select
        parent_key,
        child_key,
        'all' as relation
    from edges

),

final as (

    select
        transitions.trait,
        by_relation.relation,
        transitions.from_value,
        transitions.to_value,
        cast(sum(transitions.n_paper) as bigint) as n_transitions
    from transitions
    inner join by_relation
        on transitions.parent_key = by_relation.parent_key and transitions.child_key = by_relation.child_key
    group by transitions.trait, by_relation.relation, transitions.from_value, transitions.to_value

)

select * from final
