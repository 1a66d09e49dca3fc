with findings as (

    select * from {{ ref('int_findings') }}

),

final as (

    select
        snapshot,
        previous_snapshot,
        kind,
        path,
        value,
        severity,
        cast(n_records as bigint) as n_records,
        finding,
        measure,
        before,
        after,
        bound,
        examples
    from findings

)

select * from final
