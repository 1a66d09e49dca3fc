{%- set kinds = ['presence', 'type', 'value', 'tag', 'total'] -%}
with findings as (

    {% for kind in kinds %}
        select * from {{ ref('int_' ~ kind ~ '_findings') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

accepted as (

    select * from {{ ref('accepted_findings') }}

),

final as (

    select
        findings.snapshot,
        findings.previous_snapshot,
        findings.kind,
        findings.path,
        findings.value,
        case when accepted.measure is null then findings.severity else 'warn' end as severity,
        findings.n_records,
        findings.finding,
        findings.measure,
        findings.before,
        findings.after,
        findings.bound,
        findings.examples
    from findings
    left join accepted on findings.snapshot = accepted.snapshot and findings.kind = accepted.measure

)

select * from final
