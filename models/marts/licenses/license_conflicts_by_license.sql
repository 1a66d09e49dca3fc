with findings as (

    select * from {{ ref('int_license_findings') }}

),

rules as (

    select * from {{ ref('license_rules') }}
    where compared_with = 'own terms'

),

licenses as (

    select * from {{ ref('int_model_licenses') }}

),

lineages as (

    select * from {{ ref('int_license_consistency') }}

),

pairs as (

    -- A model that drops several terms of a license counts once.
    select
        findings.model_key,
        findings.upstream_license,
        min(findings.distance) as distance,
        min(case rules.severity when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end) as severity_rank,
        {{ sorted_concat('rules.term_upstream', ', ') }} as terms
    from findings
    inner join rules on findings.finding = rules.finding
    where rules.downstream_value <> 'unknown'
    group by findings.model_key, findings.upstream_license

),

counted as (

    select
        pairs.upstream_license,
        licenses.license as model_license,
        case min(pairs.severity_rank) when 1 then 'high' when 2 then 'medium' when 3 then 'low' else 'info' end
            as severity,
        min(pairs.terms) as terms,
        count(*) as n_models,
        count(*) filter (where pairs.distance = 1) as n_models_of_parent,
        cast(sum(lineages.downloads) as bigint) as downloads
    from pairs
    inner join lineages on pairs.model_key = lineages.model_key
    left join licenses on pairs.model_key = licenses.model_key
    group by pairs.upstream_license, licenses.license

),

final as (

    select
        *,
        n_models / cast(sum(n_models) over () as double) as share_of_models
    from counted

)

select * from final
