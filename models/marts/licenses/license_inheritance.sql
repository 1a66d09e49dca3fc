with licenses as (

    select * from {{ ref('int_model_licenses') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

steps as (

    select
        edges.child_key as model_key,
        edges.parent_key as ancestor_key,
        1 as distance,
        cast(null as {{ dbt.type_string() }}) as path,
        edges.relation as relations
    from {{ ref('int_resolved_edges') }} as edges
    inner join licenses on edges.parent_key = licenses.model_key
    union all
    -- Through models without a license.
    select
        model_key,
        ancestor_key,
        distance,
        path,
        relations
    from {{ ref('int_license_paths') }}

),

final as (

    select
        ---- keys
        models.model_id,
        ancestors.model_id as ancestor_id,

        ---- path
        steps.distance,
        coalesce(steps.path, ancestors.model_id || ' > ' || models.model_id) as path,
        steps.relations,

        ---- licenses
        ancestor_licenses.license as ancestor_license,
        ancestor_licenses.certainty as ancestor_certainty,
        own_licenses.license as model_license,
        own_licenses.certainty as model_certainty,
        case
            when own_licenses.license is null then 'dropped'
            when own_licenses.license = ancestor_licenses.license then 'inherited'
            else 'mutated'
        end as inheritance
    from steps
    inner join models on steps.model_key = models.model_key
    inner join models as ancestors on steps.ancestor_key = ancestors.model_key
    inner join licenses as ancestor_licenses on steps.ancestor_key = ancestor_licenses.model_key
    left join licenses as own_licenses on steps.model_key = own_licenses.model_key

)

select * from final
