with transitions as (

    select
        'ours' as counting,
        trait,
        relation,
        from_value,
        to_value,
        n_transitions
    from {{ ref('int_trait_transitions') }}
    where n_transitions > 0
    union all
    -- The study orders the values of fine-tunes alone.
    select
        'paper' as counting,
        trait,
        relation,
        from_value,
        to_value,
        n_transitions_paper as n_transitions
    from {{ ref('int_trait_transitions') }}
    where n_transitions_paper > 0 and relation = 'finetune'

),

both_ways as (

    select
        counting,
        trait,
        relation,
        from_value,
        to_value,
        n_transitions as n_forward,
        0 as n_backward
    from transitions
    union all
    select
        counting,
        trait,
        relation,
        to_value as from_value,
        from_value as to_value,
        0 as n_forward,
        n_transitions as n_backward
    from transitions

),

totals as (

    select
        counting,
        trait,
        relation,
        from_value,
        to_value,
        sum(n_forward) as n_forward,
        sum(n_backward) as n_backward
    from both_ways
    group by counting, trait, relation, from_value, to_value

),

final as (

    -- Each pair is oriented in the direction of more transitions; ties go by the alphabet.
    select
        counting,
        trait,
        relation,
        from_value,
        to_value,
        cast(n_forward as bigint) as n_forward,
        cast(n_backward as bigint) as n_backward
    from totals
    where n_forward > n_backward or (n_forward = n_backward and from_value < to_value)

)

select * from final
