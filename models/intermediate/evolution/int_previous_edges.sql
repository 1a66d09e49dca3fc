with models as (

    select * from {{ ref('int_previous_models') }}

),

record_parents as (

    select * from {{ ref('int_record_parents') }}

),

usable as (

    select
        record_parents.relation,
        parents.model_key as parent_key,
        children.model_key as child_key,
        parents.record_id as parent_record_id,
        children.record_id as child_record_id,
        parents.is_unchanged and children.is_unchanged as is_unchanged
    from record_parents
    inner join models as children on record_parents.record_id = children.record_id
    inner join models as parents on record_parents.parent_id = parents.model_id
    where parents.model_key <> children.model_key

),

final as (

    select
        relation,
        parent_key,
        child_key,
        parent_record_id,
        child_record_id,
        is_unchanged
    from usable
    union all
    -- A pair counts once in `all`, as in int_evolution_edges.
    select distinct
        'all' as relation,
        parent_key,
        child_key,
        parent_record_id,
        child_record_id,
        is_unchanged
    from usable

)

select * from final
