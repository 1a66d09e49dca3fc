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
        case when measures.is_comparable then bounds.warns_above else bounds.first_warns_above end as warns_above,
        case when measures.is_comparable then bounds.fails_above else bounds.first_fails_above end as fails_above
    from measures
    inner join bounds on measures.measure = bounds.measure
    where measures.n >= bounds.least

),

final as (

    select
        compared.snapshot,
        case when applied.measure = 'models_lost' then compared.largest_snapshot else compared.previous_snapshot end
            as previous_snapshot,
        applied.measure as kind,
        applied.path,
        cast(null as string) as value,
        case
            when applied.value > applied.fails_above and not compared.is_accepted then 'error' else 'warn'
        end as severity,
        applied.n as n_records,
        {{ percent('applied.value') }} || ' ' || applied.finding as finding,
        applied.measure,
        applied.before,
        applied.after,
        case when applied.value > applied.fails_above then applied.fails_above else applied.warns_above end as bound,
        applied.examples
    from applied
    cross join compared
    where applied.value > coalesce(applied.warns_above, applied.fails_above)

)

select * from final
