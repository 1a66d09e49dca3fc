with edges as (

    select * from {{ ref('int_lineage_edges') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

cycle_edges as (

    select * from {{ ref('int_cycle_edges') }}
    where edge_set = 'all'

),

final as (

    select
        edges.parent_id,
        models.model_id as child_id,
        edges.relation,
        edges.parent_in_hub,
        cycle_edges.child_key is not null as in_cycle,
        models.created_at
    from edges
    inner join models on edges.child_key = models.model_key
    left join cycle_edges
        on edges.parent_key = cycle_edges.parent_key and edges.child_key = cycle_edges.child_key

)

select * from final
