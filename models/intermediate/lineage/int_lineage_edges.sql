with record_parents as (

    select * from {{ ref('int_record_parents') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

relations as (

    select * from {{ ref('relations') }}

),

joined as (

    select
        children.model_key as child_key,
        record_parents.parent_id,
        record_parents.relation,
        parents.model_key as parent_key,
        parents.model_key is not null as parent_in_hub,
        coalesce(parents.model_key = children.model_key, false) as is_self_loop,
        relations.paper_rank
    from record_parents
    inner join models as children on record_parents.record_id = children.record_id
    left join models as parents on record_parents.parent_id = parents.model_id
    left join relations on record_parents.relation = relations.relation

),

final as (

    select
        child_key,
        parent_id,
        relation,
        parent_key,
        parent_in_hub,
        is_self_loop,
        -- The study keeps one edge per pair: the one whose relation comes last in its order.
        paper_rank is not null
        and paper_rank = max(paper_rank) over (partition by child_key, parent_id) as is_paper_edge
    from joined

)

select * from final
