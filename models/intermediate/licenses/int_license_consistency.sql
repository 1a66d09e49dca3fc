with upstream as (

    select * from {{ ref('int_upstream_licenses') }}

),

declared as (

    select
        declared.child_key as model_key,
        count(resolutions.parent_key) < count(*) as has_unresolved_parent
    from {{ ref('int_declared_parents') }} as declared
    inner join {{ ref('int_parent_resolutions') }} as resolutions on declared.name_key = resolutions.name_key
    group by declared.child_key

),

known as (

    select distinct license from {{ ref('int_license_set_terms') }}
    where value <> 'unknown'

),

own as (

    select licenses.model_key
    from {{ ref('int_model_licenses') }} as licenses
    inner join known on licenses.license = known.license

),

lineages as (

    select
        upstream.model_key,
        count(known.license) < count(*) as has_unknown_ancestor
    from upstream
    left join known on upstream.license = known.license
    group by upstream.model_key

),

conflicts as (

    select
        findings.model_key,
        min(case rules.severity when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end) as severity_rank,
        bool_or(rules.severity in ('high', 'medium') and rules.downstream_value <> 'unknown') as is_inconsistent
    from {{ ref('int_license_findings') }} as findings
    inner join {{ ref('license_rules') }} as rules on findings.finding = rules.finding
    group by findings.model_key

),

final as (

    select
        declared.model_key,
        models.author,
        cast(date_trunc('month', models.created_at) as date) as month,
        models.downloads,
        conflicts.severity_rank,
        case
            when conflicts.is_inconsistent then 'inconsistent'
            when
                declared.has_unresolved_parent or lineages.has_unknown_ancestor or own.model_key is null
                then 'unknown'
            else 'consistent'
        end as lineage_status
    from declared
    inner join {{ ref('int_model_facts') }} as models on declared.model_key = models.model_key
    left join lineages on declared.model_key = lineages.model_key
    left join own on declared.model_key = own.model_key
    left join conflicts on declared.model_key = conflicts.model_key

)

select * from final
