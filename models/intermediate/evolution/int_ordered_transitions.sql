with transitions as (

    select
        'ours' as counting,
        trait,
        relation,
        family_key,
        from_value,
        to_value,
        n_transitions
    from {{ ref('int_family_transitions') }}
    union all
    -- The study does not resample families, so its transitions are not split by family. No family has the key 0.
    select
        'paper' as counting,
        trait,
        relation,
        0 as family_key,
        from_value,
        to_value,
        n_transitions
    from {{ ref('int_paper_transitions') }}

),

ordered_values as (

    select * from {{ ref('int_ordered_values') }}

),

final as (

    -- Values are numbered by popularity from 0, like the rows and columns of the solver's matrices.
    select
        transitions.counting,
        transitions.trait,
        transitions.relation,
        transitions.family_key,
        origins.popularity - 1 as from_number,
        targets.popularity - 1 as to_number,
        transitions.n_transitions
    from transitions
    inner join ordered_values as origins
        on
            transitions.counting = origins.counting
            and transitions.trait = origins.trait
            and transitions.relation = origins.relation
            and transitions.from_value = origins.trait_value
    inner join ordered_values as targets
        on
            transitions.counting = targets.counting
            and transitions.trait = targets.trait
            and transitions.relation = targets.relation
            and transitions.to_value = targets.trait_value

)

select * from final
