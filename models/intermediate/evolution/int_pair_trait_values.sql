with edges as (

    select * from {{ ref('int_evolution_edges') }}
    where relation = 'all'

),

traits as (

    select * from {{ ref('int_evolving_traits') }}

),

sides as (

    select
        edges.parent_key,
        edges.child_key,
        traits.trait,
        traits.trait_value,
        traits.is_counted as in_parent,
        false as in_child,
        traits.is_paper as in_parent_paper,
        false as in_child_paper
    from edges
    inner join traits on edges.parent_key = traits.model_key
    union all
    select
        edges.parent_key,
        edges.child_key,
        traits.trait,
        traits.trait_value,
        false as in_parent,
        traits.is_counted as in_child,
        false as in_parent_paper,
        traits.is_paper as in_child_paper
    from edges
    inner join traits on edges.child_key = traits.model_key

),

final as (

    select
        parent_key,
        child_key,
        trait,
        trait_value,
        bool_or(in_parent) as in_parent,
        bool_or(in_child) as in_child,
        bool_or(in_parent_paper) as in_parent_paper,
        bool_or(in_child_paper) as in_child_paper
    from sides
    group by parent_key, child_key, trait, trait_value

)

select * from final
