with closure as (

    select * from {{ ref('int_lineage_closure') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        closure.edge_set,
        ancestors.model_id as ancestor_id,
        descendants.model_id as descendant_id,
        closure.distance
    from closure
    inner join models as ancestors on closure.ancestor_key = ancestors.model_key
    inner join models as descendants on closure.descendant_key = descendants.model_key

)

select * from final
