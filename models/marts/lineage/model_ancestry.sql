with models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        ---- keys
        models.model_id,
        relatives.edge_set,
        family_models.model_id as family_id,
        root_models.model_id as root_id,

        ---- relatives
        relatives.n_parents,
        relatives.n_children,
        relatives.n_ancestors,
        relatives.n_descendants,
        relatives.n_roots,

        ---- distance from a root
        relatives.generation,
        relatives.depth
    from {{ ref('int_model_relatives') }} as relatives
    inner join {{ ref('int_family_roots') }} as family_roots
        on relatives.edge_set = family_roots.edge_set and relatives.family_key = family_roots.family_key
    inner join models on relatives.model_key = models.model_key
    inner join models as family_models on family_roots.main_root_key = family_models.model_key
    inner join models as root_models on relatives.root_key = root_models.model_key

)

select * from final
