with models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        ---- keys
        children.model_id as child_id,
        names.declared_name,
        declared.relation,

        ---- declaration
        declared.declared_in,

        ---- resolution
        parents.model_id as resolved_id,
        resolutions.resolution,
        case
            when resolutions.parent_key is not null then null
            when resolutions.is_ambiguous then 'several models in other case'
            when resolutions.was_in_hub then 'in an earlier snapshot only'
            when names.form = 'url' and names.repository_name = names.declared_name then 'address outside the Hub'
            when {{ is_repository_id('names.repository_name') }} then 'not in the snapshot'
            when {{ is_repository_id("'owner/' || names.repository_name") }} then 'no owner'
            else 'path or no id'
        end as why_unresolved,
        coalesce(resolutions.parent_key = declared.child_key, false) as is_self_loop
    from {{ ref('int_declared_parents') }} as declared
    inner join {{ ref('int_parent_names') }} as names on declared.name_key = names.name_key
    inner join {{ ref('int_parent_resolutions') }} as resolutions on declared.name_key = resolutions.name_key
    inner join models as children on declared.child_key = children.model_key
    left join models as parents on resolutions.parent_key = parents.model_key

)

select * from final
