with findings as (

    select * from {{ ref('int_license_findings') }}

),

rules as (

    select * from {{ ref('license_rules') }}

),

licenses as (

    select * from {{ ref('int_model_licenses') }}

),

set_terms as (

    select * from {{ ref('int_license_set_terms') }}

),

models as (

    select * from {{ ref('int_model_facts') }}

),

model_ids as (

    select * from {{ ref('int_models_current') }}

),

families as (

    select * from {{ ref('int_license_families') }}

),

final as (

    select
        ---- keys
        models.model_id,
        findings.finding,
        findings.upstream_license,
        nullif(findings.other_license, '') as other_license,

        ---- grade
        rules.severity,
        case
            when
                rules.compared_with = 'own terms'
                and rules.downstream_value <> 'any'
                and coalesce(own_licenses.certainty, 'missing') in ('missing', 'unknown')
                then coalesce(own_licenses.certainty, 'missing')
            -- The terms of the model's license are known, but not this one.
            when rules.compared_with = 'own terms' and rules.downstream_value = 'unknown' then 'unknown'
            when
                ancestor_licenses.certainty = 'named'
                or own_licenses.certainty = 'named'
                or others.certainty = 'named'
                then 'named'
            else 'declared'
        end as certainty,

        ---- evidence
        own_licenses.license as model_license,
        ancestors.model_id as ancestor_id,
        other_ancestors.model_id as other_ancestor_id,
        findings.distance,
        nullif(rules.term_upstream, '') as term,
        upstream_terms.detail,
        upstream_terms.clause,
        upstream_terms.source,
        other_terms.clause as other_clause,
        rules.words,

        ---- model
        models.author,
        families.family_id,
        models.downloads,
        models.created_at
    from findings
    inner join rules on findings.finding = rules.finding
    inner join models on findings.model_key = models.model_key
    left join licenses as own_licenses on findings.model_key = own_licenses.model_key
    left join licenses as ancestor_licenses on findings.ancestor_key = ancestor_licenses.model_key
    left join licenses as others on findings.other_ancestor_key = others.model_key
    left join set_terms as upstream_terms
        on findings.upstream_license = upstream_terms.license and rules.term_upstream = upstream_terms.term
    left join set_terms as other_terms
        on
            coalesce(nullif(findings.other_license, ''), own_licenses.license) = other_terms.license
            and rules.term_downstream = other_terms.term
    left join model_ids as ancestors on findings.ancestor_key = ancestors.model_key
    left join model_ids as other_ancestors on findings.other_ancestor_key = other_ancestors.model_key
    left join families on findings.model_key = families.model_key

)

select * from final
