with families as (

    select * from {{ ref('int_model_families') }}

),

roots as (

    select * from {{ ref('int_model_roots') }}

),

generations as (

    select
        families.edge_set,
        families.family_key,
        roots.generation,
        count(*) as n_models
    from families
    inner join roots on families.edge_set = roots.edge_set and families.model_key = roots.model_key
    group by families.edge_set, families.family_key, roots.generation

),

final as (

    select
        edge_set,
        family_key,
        max(n_models) as width
    from generations
    group by edge_set, family_key

)

select * from final
