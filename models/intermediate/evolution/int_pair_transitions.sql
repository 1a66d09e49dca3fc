with pair_values as (

    select * from {{ ref('int_pair_trait_values') }}

),

mutated_traits as (

    select
        parent_key,
        child_key,
        trait
    from pair_values
    group by parent_key, child_key, trait
    having bool_or(in_parent <> in_child or in_parent_paper <> in_child_paper)

),

mutated_values as (

    select pair_values.*
    from pair_values
    inner join mutated_traits
        on
            pair_values.parent_key = mutated_traits.parent_key
            and pair_values.child_key = mutated_traits.child_key
            and pair_values.trait = mutated_traits.trait

),

value_pairs as (

    -- Pairs each value of the parent with each new value of the child, and each lost value of the parent with each
    -- value of the child. A pair that is both counts once; the study counts it twice.
    select
        origins.parent_key,
        origins.child_key,
        origins.trait,
        origins.trait_value as from_value,
        targets.trait_value as to_value,
        origins.in_parent and targets.in_child and (not targets.in_parent or not origins.in_child) as is_transition,
        case
            when origins.in_parent_paper and targets.in_child_paper
                then
                    cast(not targets.in_parent_paper as integer) + cast(not origins.in_child_paper as integer)
            else 0
        end as n_paper
    from mutated_values as origins
    inner join mutated_values as targets
        on
            origins.parent_key = targets.parent_key
            and origins.child_key = targets.child_key
            and origins.trait = targets.trait
    where (origins.in_parent or origins.in_parent_paper) and (targets.in_child or targets.in_child_paper)

),

final as (

    select * from value_pairs
    where is_transition or n_paper > 0

)

select * from final
