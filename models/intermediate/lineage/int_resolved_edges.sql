with declared as (

    select * from {{ ref('int_declared_parents') }}

),

resolutions as (

    select * from {{ ref('int_parent_resolutions') }}

),

final as (

    -- Two names of one model, or two relations to it, are one edge.
    select
        resolutions.parent_key,
        declared.child_key,
        {{ sorted_concat('declared.relation', ', ') }} as relation
    from declared
    inner join resolutions on declared.name_key = resolutions.name_key
    where resolutions.parent_key <> declared.child_key
    group by resolutions.parent_key, declared.child_key

)

select * from final
