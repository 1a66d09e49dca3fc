with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

bounds as (

    select * from {{ ref('int_contract_bounds') }}

),

listings as (

    select
        listings.record_id,
        records.model_id
    from {{ ref('stg_hub__listings') }} as listings
    inner join compared on listings.snapshot = compared.snapshot
    inner join {{ ref('int_records_parsed') }} as records on listings.record_id = records.record_id

),

rate_limits as (

    -- The Hub sends its rate limits in headers, not in records.
    select
        'RateLimit-Policy ' || kind as path,
        cast(n_requests as string) as value
    from {{ ref('stg_hub__rate_limits') }}

),

values_outside as (

    select
        record_values.path,
        record_values.value,
        listings.model_id
    from {{ ref('int_record_values_outside') }} as record_values
    inner join listings on record_values.record_id = listings.record_id
    where record_values.path is not null
    union all
    select
        rate_limits.path,
        rate_limits.value,
        cast(null as string) as model_id
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

counts as (

    select
        values_outside.path,
        min(bounds.minimum) as minimum,
        min(bounds.minimum_number) as minimum_number,
        min(bounds.maximum) as maximum,
        min(bounds.vocabulary) as vocabulary,
        count(*) as n_records,
        min(values_outside.value) as smallest,
        max(values_outside.value) as largest,
        {{ first_texts('values_outside.model_id', 5) }} as examples
    from values_outside
    inner join bounds on values_outside.path = bounds.path
    group by values_outside.path

),

final as (

    select
        compared.snapshot,
        compared.previous_snapshot,
        'value_outside' as kind,
        counts.path,
        case
            when
                {{ is_outside(
                    'counts.smallest', 'counts.minimum', 'counts.minimum_number', 'null', 'null', 'counts.vocabulary',
                ) }}
                then counts.smallest
            else counts.largest
        end as value,
        'warn' as severity,
        counts.n_records,
        'Value ' || counts.smallest
        || case when counts.largest <> counts.smallest then ' (to ' || counts.largest || ')' else '' end
        || ' lies outside '
        || coalesce(
            replace(counts.vocabulary, '|', ', '),
            coalesce('from ' || counts.minimum, '') || coalesce(' to ' || counts.maximum, '')
        ) as finding,
        'n_values_outside' as measure,
        cast(null as double) as before,
        cast(counts.n_records as double) as after,
        0e0 as bound,
        counts.examples
    from counts
    cross join compared

)

select * from final
