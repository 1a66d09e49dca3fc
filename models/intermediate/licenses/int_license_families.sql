with members as (

    select * from {{ ref('int_model_families') }}
    where edge_set = 'resolved'

),

family_roots as (

    select * from {{ ref('int_family_roots') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        members.model_key,
        models.model_id as family_id
    from members
    inner join family_roots
        on members.edge_set = family_roots.edge_set and members.family_key = family_roots.family_key
    inner join models on family_roots.main_root_key = models.model_key

)

select * from final
