with families as (

    select * from {{ ref('int_families') }}

),

virality as (

    select * from {{ ref('int_family_virality') }}

),

final as (

    select
        ---- keys
        families.edge_set,
        families.family_id,

        ---- shape
        families.n_models,
        families.n_roots,
        families.depth,
        families.width,
        virality.structural_virality,
        virality.virality_method,
        virality.virality_standard_error,

        ---- timestamps
        families.first_created_at,
        families.last_created_at
    from families
    inner join virality on families.edge_set = virality.edge_set and families.family_key = virality.family_key

)

select * from final
