with members as (

    select * from {{ ref('int_model_families') }}

),

family_roots as (

    select * from {{ ref('int_family_roots') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

generations as (

    select
        members.edge_set,
        members.family_key,
        count(*) as n_models,
        max(members.depth) as depth,
        min(models.created_at) as first_created_at,
        max(models.created_at) as last_created_at
    from members
    inner join models on members.model_key = models.model_key
    group by members.edge_set, members.family_key, members.generation

),

sizes as (

    select
        edge_set,
        family_key,
        cast(sum(n_models) as bigint) as n_models,
        max(depth) as depth,
        max(n_models) as width,
        min(first_created_at) as first_created_at,
        max(last_created_at) as last_created_at
    from generations
    group by edge_set, family_key

),

final as (

    select
        ---- keys
        sizes.edge_set,
        sizes.family_key,
        models.model_id as family_id,

        ---- shape
        sizes.n_models,
        family_roots.n_roots,
        sizes.depth,
        sizes.width,

        ---- timestamps
        sizes.first_created_at,
        sizes.last_created_at
    from sizes
    inner join family_roots
        on sizes.edge_set = family_roots.edge_set and sizes.family_key = family_roots.family_key
    inner join models on family_roots.main_root_key = models.model_key

)

select * from final
