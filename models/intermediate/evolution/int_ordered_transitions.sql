with transitions as (

    select * from {{ ref('int_family_transitions') }}
    where n_transitions > 0

),

ordered_values as (

    select * from {{ ref('int_ordered_values') }}

),

final as (

    -- Values are numbered by popularity from 0, like the rows and columns of the solver's matrices.
    select
        transitions.trait,
        transitions.relation,
        transitions.family_key,
        origins.popularity - 1 as from_number,
        targets.popularity - 1 as to_number,
        transitions.n_transitions
    from transitions
    inner join ordered_values as origins
        on
            transitions.trait = origins.trait
            and transitions.relation = origins.relation
            and transitions.from_value = origins.trait_value
    inner join ordered_values as targets
        on
            transitions.trait = targets.trait
            and transitions.relation = targets.relation
            and transitions.to_value = targets.trait_value

)

select * from final
