with families as (

    select * from {{ ref('int_model_families') }}

),

descendants as (

    select * from {{ ref('int_model_descendants') }}

),

final as (

    select
        families.edge_set,
        families.model_key,
        families.family_key,
        families.root_key,
        families.n_parents,
        coalesce(descendants.n_children, 0) as n_children,
        families.n_ancestors,
        coalesce(descendants.n_descendants, 0) as n_descendants,
        families.n_roots,
        families.generation,
        families.depth
    from families
    left join descendants
        on families.edge_set = descendants.edge_set and families.model_key = descendants.model_key

)

select * from final
