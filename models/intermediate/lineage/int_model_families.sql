with single_paths as (

    select * from {{ ref('int_single_path_models') }}

),

multipath as (

    select * from {{ ref('int_multipath_relatives') }}

),

families as (

    select * from {{ ref('int_root_families') }}

),

models as (

    -- A model with a single path has one root, and all its numbers follow from its depth.
    select
        edge_set,
        model_key,
        root_key,
        cast(depth > 0 as bigint) as n_parents,
        cast(depth as bigint) as n_ancestors,
        cast(1 as bigint) as n_roots,
        depth as generation,
        depth
    from single_paths
    union all
    select
        edge_set,
        model_key,
        root_key,
        n_parents,
        n_ancestors,
        n_roots,
        generation,
        depth
    from multipath

),

final as (

    select
        models.edge_set,
        models.model_key,
        families.family_key,
        models.root_key,
        models.n_parents,
        models.n_ancestors,
        models.n_roots,
        models.generation,
        models.depth
    from models
    inner join families on models.edge_set = families.edge_set and models.root_key = families.root_key

)

select * from final
