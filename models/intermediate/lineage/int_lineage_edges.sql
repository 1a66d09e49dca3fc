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
        -- A relation that the study does not know leaves the bare tag, which comes before all relations.
        coalesce(relations.paper_rank, case when record_parents.has_bare_tag then 0 end) as paper_rank
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
        -- The study keeps edges to parents in the snapshot, self-loops included, and one edge per pair: the one whose
        -- relation comes last in its order.
        parent_in_hub
        and paper_rank is not null
        and row_number() over (
            partition by child_key, parent_id order by paper_rank desc nulls last, relation asc
        ) = 1 as is_paper_edge
    from joined

)

select * from final
