with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

measures as (

    select * from {{ ref('int_snapshot_measures') }}

),

bounds as (

    select * from {{ ref('snapshot_bounds') }}

),

final as (

    select
        compared.snapshot,
        compared.largest_snapshot as previous_snapshot,
        measures.measure as kind,
        bounds.path,
        cast(null as string) as value,
        case
            when measures.share > bounds.fails_above and not compared.is_accepted then 'error' else 'warn'
        end as severity,
        measures.n as n_records,
        {{ percent('measures.share') }} || ' ' || bounds.finding as finding,
        measures.measure,
        cast(null as double) as before,
        measures.share as after,
        case when measures.share > bounds.fails_above then bounds.fails_above else bounds.warns_above end as bound,
        cast(null as string) as examples
    from measures
    inner join bounds on measures.measure = bounds.measure
    cross join compared
    where measures.share > bounds.warns_above

)

select * from final
