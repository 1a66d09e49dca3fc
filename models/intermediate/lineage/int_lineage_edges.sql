with record_parents as (

    select * from {{ ref('int_record_parents') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

relations as (

    select * from {{ ref('relations') }}

),

exact as (

    select
        children.model_key as child_key,
        record_parents.parent_id,
        record_parents.relation,
        record_parents.is_as_written,
        record_parents.has_bare_tag,
        parents.model_key as parent_key
    from record_parents
    inner join models as children on record_parents.record_id = children.record_id
    left join models as parents on record_parents.parent_id = parents.model_id

),

parents_in_other_case as (

    -- The Hub opens an address in any case. An id is read in another case if one model has it.
    select
        lower(model_id) as folded_id,
        min(model_id) as model_id,
        min(model_key) as model_key
    from models
    where
        lower(model_id) in (
            select lower(exact.parent_id)
            from exact
            where exact.parent_key is null
        )
    group by lower(model_id)
    having count(*) = 1

),

resolved as (

    -- The study takes an id as it is written.
    select
        exact.child_key,
        coalesce(others.model_id, exact.parent_id) as parent_id,
        exact.relation,
        coalesce(others.model_key, exact.parent_key) as parent_key,
        bool_or(exact.is_as_written and others.model_id is null) as is_as_written,
        bool_or(exact.has_bare_tag and others.model_id is null) as has_bare_tag
    from exact
    left join parents_in_other_case as others
        on exact.parent_key is null and lower(exact.parent_id) = others.folded_id
    group by
        exact.child_key,
        coalesce(others.model_id, exact.parent_id),
        exact.relation,
        coalesce(others.model_key, exact.parent_key)

),

joined as (

    select
        resolved.*,
        resolved.parent_key is not null as parent_in_hub,
        coalesce(resolved.parent_key = resolved.child_key, false) as is_self_loop,
        -- A relation that the study does not read leaves the bare tag, which comes before all relations.
        coalesce(
            case when resolved.is_as_written then relations.paper_rank end,
            case when resolved.has_bare_tag then 0 end
        ) as paper_rank
    from resolved
    left join relations on resolved.relation = relations.relation

),

final as (

    select
        child_key,
        parent_id,
        relation,
        parent_key,
        parent_in_hub,
        is_self_loop,
        is_as_written,
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
