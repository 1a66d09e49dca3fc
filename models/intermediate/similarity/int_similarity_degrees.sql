with edges as (

    select * from {{ ref('int_similarity_edges') }}

),

sides as (

    select
        parent_key as model_key,
        1 as is_parent
    from edges
    union all
    select
        child_key as model_key,
        0 as is_parent
    from edges

),

final as (

    -- Wide integers: a parent with 3,000,000 children has more than 10^18 triples of children.
    select
        model_key,
        cast(sum(is_parent) as {{ wide_integer() }}) as n_children,
        cast(sum(1 - is_parent) as {{ wide_integer() }}) as n_parents
    from sides
    group by model_key

)

select * from final
