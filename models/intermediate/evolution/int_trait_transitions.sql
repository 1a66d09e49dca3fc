with transitions as (

    select * from {{ ref('int_family_transitions') }}

),

paper_transitions as (

    select * from {{ ref('int_paper_transitions') }}

),

both_counts as (

    select
        trait,
        relation,
        from_value,
        to_value,
        n_transitions,
        0 as n_transitions_paper
    from transitions
    union all
    select
        trait,
        relation,
        from_value,
        to_value,
        0 as n_transitions,
        n_transitions as n_transitions_paper
    from paper_transitions

),

final as (

    select
        trait,
        relation,
        from_value,
        to_value,
        cast(sum(n_transitions) as bigint) as n_transitions,
        cast(sum(n_transitions_paper) as bigint) as n_transitions_paper
    from both_counts
    group by trait, relation, from_value, to_value

)

select * from final
