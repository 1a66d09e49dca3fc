with edges as (

    select * from {{ ref('int_evolution_edges') }}
    where relation = 'all'

),

traits as (

    select * from {{ ref('int_evolving_traits') }}

),

ends as (

    -- Both ends in one list, so that the traits are read once.
    select
        parent_key,
        child_key,
        parent_key as model_key,
        true as is_parent
    from edges
    union all
    select
        parent_key,
        child_key,
        child_key as model_key,
        false as is_parent
    from edges

),

final as (

    select
        ends.parent_key,
        ends.child_key,
        traits.trait,
        traits.trait_value,
        bool_or(traits.is_counted and ends.is_parent) as in_parent,
        bool_or(traits.is_counted and not ends.is_parent) as in_child,
        bool_or(traits.is_paper and ends.is_parent) as in_parent_paper,
        bool_or(traits.is_paper and not ends.is_parent) as in_child_paper
    from ends
    inner join traits on ends.model_key = traits.model_key
    group by ends.parent_key, ends.child_key, traits.trait, traits.trait_value

)

select * from final
