with members as (

    select * from {{ ref('int_model_families') }}

),

depths as (

    select * from {{ ref('int_model_depths') }}

),

widths as (

    select * from {{ ref('int_family_widths') }}

),

family_roots as (

    select * from {{ ref('int_family_roots') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

sizes as (

    select
        members.edge_set,
        members.family_key,
        count(*) as n_models,
        max(depths.depth) as depth,
        min(models.created_at) as first_created_at,
        max(models.created_at) as last_created_at
    from members
    inner join depths on members.edge_set = depths.edge_set and members.model_key = depths.model_key
    inner join models on members.model_key = models.model_key
    group by members.edge_set, members.family_key

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
        widths.width,

        ---- timestamps
        sizes.first_created_at,
        sizes.last_created_at
    from sizes
    inner join widths on sizes.edge_set = widths.edge_set and sizes.family_key = widths.family_key
    inner join family_roots
        on sizes.edge_set = family_roots.edge_set and sizes.family_key = family_roots.family_key
    inner join models on family_roots.main_root_key = models.model_key

)

select * from final
