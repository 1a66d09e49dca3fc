with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

measures as (

    select * from {{ ref('int_measures_compared') }}

),

bounds as (

    select * from {{ ref('snapshot_bounds') }}

),

applied as (

    -- Without a snapshot to compare with, wider bounds apply: a sample may differ from the Hub.
    select
        measures.*,
        bounds.path,
        bounds.finding,
        bounds.least,
        case when measures.is_comparable then bounds.warns_above else bounds.first_warns_above end as warns_above,
        case when measures.is_comparable then bounds.fails_above else bounds.first_fails_above end as fails_above
    from measures
    inner join bounds on measures.measure = bounds.measure

),

counted as (

    -- Few models change by chance, so a small share counts only from `least` on; a larger one from five on.
    select * from applied
    where n >= least or (n >= 5 and 2 * value > 3 * fails_above)

),

final as (

    select
        compared.snapshot,
        case when counted.measure = 'models_lost' then compared.largest_snapshot else compared.previous_snapshot end
            as previous_snapshot,
        counted.measure as kind,
        counted.path,
        cast(null as string) as value,
        case when counted.value > counted.fails_above then 'error' else 'warn' end as severity,
        counted.n as n_records,
        {{ percent('counted.value') }} || ' ' || counted.finding as finding,
        counted.measure,
        counted.before,
        counted.after,
        case when counted.value > counted.fails_above then counted.fails_above else counted.warns_above end as bound,
        counted.examples
    from counted
    cross join compared
    where counted.value > coalesce(counted.warns_above, counted.fails_above)

)

select * from final
