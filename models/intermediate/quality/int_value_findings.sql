with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

bounds as (

    select * from {{ ref('int_contract_bounds') }}

),

listings as (

    select listings.record_id
    from {{ ref('stg_hub__listings') }} as listings
    inner join compared on listings.snapshot = compared.snapshot

),

rate_limits as (

    -- The Hub tells its limits beside the records.
    select
        'RateLimit-Policy ' || kind as path,
        cast(n_requests as string) as value
    from {{ ref('stg_hub__rate_limits') }}

),

values_outside as (

    select
        record_values.path,
        record_values.value
    from {{ ref('int_record_values_outside') }} as record_values
    inner join listings on record_values.record_id = listings.record_id
    where record_values.path is not null
    union all
    select
        rate_limits.path,
        rate_limits.value
    from rate_limits
    inner join bounds on rate_limits.path = bounds.path
    where
        {{ is_outside(
            'rate_limits.value',
            'bounds.minimum', 'bounds.minimum_number',
            'bounds.maximum', 'bounds.maximum_number',
            'bounds.vocabulary',
        ) }}

),

outside as (

    select
        bounds.*,
        values_outside.value
    from values_outside
    inner join bounds on values_outside.path = bounds.path

),

counted as (

    select
        path,
        min(minimum) as minimum,
        min(minimum_number) as minimum_number,
        min(maximum) as maximum,
        min(vocabulary) as vocabulary,
        count(*) as n_records,
        min(value) as least,
        max(value) as most
    from outside
    group by path

),

final as (

    select
        compared.snapshot,
        compared.previous_snapshot,
        'value_outside' as kind,
        counted.path,
        case
            when
                {{ is_outside(
                    'counted.least', 'counted.minimum', 'counted.minimum_number', 'null', 'null', 'counted.vocabulary',
                ) }}
                then counted.least
            else counted.most
        end as value,
        'warn' as severity,
        counted.n_records,
        'Value ' || counted.least
        || case when counted.most <> counted.least then ' (to ' || counted.most || ')' else '' end
        || ' lies outside '
        || coalesce(
            replace(counted.vocabulary, '|', ', '),
            coalesce('from ' || counted.minimum, '') || coalesce(' to ' || counted.maximum, '')
        ) as finding
    from counted
    cross join compared

)

select * from final
