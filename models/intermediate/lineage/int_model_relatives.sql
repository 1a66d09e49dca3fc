with families as (

    select * from {{ ref('int_model_families') }}

),

closure as (

    select * from {{ ref('int_lineage_closure') }}

),

ancestors as (

    select
        edge_set,
        descendant_key as model_key,
        count(*) filter (where distance = 1) as n_parents,
        count(*) as n_ancestors
    from closure
    group by edge_set, descendant_key

),

descendants as (

    select
        edge_set,
        ancestor_key as model_key,
        count(*) filter (where distance = 1) as n_children,
        count(*) as n_descendants
    from closure
    group by edge_set, ancestor_key

),

final as (

    select
        families.edge_set,
        families.model_key,
        families.family_key,
        coalesce(ancestors.n_parents, 0) as n_parents,
        coalesce(descendants.n_children, 0) as n_children,
        coalesce(ancestors.n_ancestors, 0) as n_ancestors,
        coalesce(descendants.n_descendants, 0) as n_descendants
    from families
    left join ancestors on families.edge_set = ancestors.edge_set and families.model_key = ancestors.model_key
    left join descendants on families.edge_set = descendants.edge_set and families.model_key = descendants.model_key

)

select * from final
