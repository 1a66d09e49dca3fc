with edges as (

    select
        parent_key,
        child_key
    from {{ ref('int_evolution_edges') }}
    where relation = 'all'
    union
    -- The study counts self-loops, too.
    select
        parent_key,
        child_key
    from {{ ref('int_paper_edges') }}

),

traits as (

    select * from {{ ref('int_evolving_traits') }}

),

pair_models as (

    -- Parents and children in one list, so that the traits are joined once.
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
        pair_models.parent_key,
        pair_models.child_key,
        traits.trait,
        traits.trait_value,
        bool_or(traits.is_counted and pair_models.is_parent) as in_parent,
        bool_or(traits.is_counted and not pair_models.is_parent) as in_child,
        bool_or(traits.is_paper and pair_models.is_parent) as in_parent_paper,
        bool_or(traits.is_paper and not pair_models.is_parent) as in_child_paper
    from pair_models
    inner join traits on pair_models.model_key = traits.model_key
    group by pair_models.parent_key, pair_models.child_key, traits.trait, traits.trait_value

)

select * from final
