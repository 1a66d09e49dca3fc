with findings as (

    select * from {{ ref('int_findings') }}

),

final as (

    select
        snapshot,
        kind,
        path,
        value,
        finding,
        measure,
        before,
        after,
        bound,
        examples
    from findings
    where severity = 'error'

)

select * from final
