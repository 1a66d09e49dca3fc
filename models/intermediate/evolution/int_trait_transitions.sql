with transitions as (

    select * from {{ ref('int_family_transitions') }}

),

final as (

    select
        trait,
        relation,
        from_value,
        to_value,
        cast(sum(n_transitions) as bigint) as n_transitions,
        cast(sum(n_transitions_paper) as bigint) as n_transitions_paper
    from transitions
    group by trait, relation, from_value, to_value
    having sum(n_transitions) > 0 or sum(n_transitions_paper) > 0

)

select * from final
