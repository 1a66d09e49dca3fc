with edges as (

    select * from {{ ref('lineage_edges') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        edges.parent_id,
        edges.child_id,
        edges.relation,
        edges.parent_in_hub,
        edges.in_cycle,
        models.created_at
    from edges
    inner join models on edges.child_id = models.model_id

)

select * from final
