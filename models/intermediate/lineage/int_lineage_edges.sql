with declared_parents as (

    select * from {{ ref('int_declared_parents') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

relations as (

    select * from {{ ref('relations') }}

),

joined as (

    select
        declared_parents.child_key,
        declared_parents.parent_id,
        declared_parents.relation,
        parents.model_key as parent_key,
        parents.model_key is not null as parent_in_hub,
        coalesce(parents.model_key = declared_parents.child_key, false) as is_self_loop,
        relations.paper_rank
    from declared_parents
    left join models as parents on declared_parents.parent_id = parents.model_id
    left join relations on declared_parents.relation = relations.relation

),

final as (

    select
        * exclude (paper_rank),
        -- The study keeps one edge a pair, of the relation that comes last in its order.
        paper_rank is not null
        and paper_rank = max(paper_rank) over (partition by child_key, parent_id) as is_paper_edge
    from joined

)

select * from final
