with transitions as (

    select * from {{ ref('int_trait_transitions') }}

),

final as (

    select
        trait,
        relation,
        from_value,
        to_value,
        n_transitions,
        n_transitions_paper
    from transitions

)

select * from final
