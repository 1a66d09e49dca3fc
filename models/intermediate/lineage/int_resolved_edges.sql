with edges as (

    select
        resolutions.parent_key,
        declared.child_key,
        declared.relation
    from {{ ref('int_declared_parents') }} as declared
    inner join {{ ref('int_parent_resolutions') }} as resolutions on declared.name_key = resolutions.name_key
    where resolutions.parent_key <> declared.child_key

),

repeated as (

    select
        parent_key,
        child_key
    from edges
    group by parent_key, child_key
    having count(*) > 1

),

final as (

    select edges.*
    from edges
    left join repeated on edges.parent_key = repeated.parent_key and edges.child_key = repeated.child_key
    where repeated.child_key is null
    union all
    -- Two names of one model, or two relations to it, are one edge. Few edges are repeated, and only they are sorted.
    select
        edges.parent_key,
        edges.child_key,
        {{ sorted_concat('edges.relation', ', ') }} as relation
    from edges
    inner join repeated on edges.parent_key = repeated.parent_key and edges.child_key = repeated.child_key
    group by edges.parent_key, edges.child_key

)

select * from final
