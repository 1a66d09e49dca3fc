with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

contract as (

    select
        *,
        {{ bound_number('minimum') }} as minimum_number,
        {{ bound_number('maximum') }} as maximum_number
    from {{ ref('api_contract') }}
    where coalesce(minimum, maximum, vocabulary) is not null

),

records as (

    select records.record
    from {{ ref('stg_hub__records') }} as records
    inner join compared on records.snapshot = compared.snapshot

),

read_values as (

    select {{ checked_values('record') }}
    from records
    union all
    -- The Hub tells its limits beside the records.
    select
        'RateLimit-Policy ' || kind as path,
        cast(n_requests as varchar) as value
    from {{ ref('stg_hub__rate_limits') }}

),

outside as (

    select
        contract.*,
        left(read_values.value, 60) as value
    from read_values
    inner join contract on read_values.path = contract.path
    where
        {{ is_outside(
            'read_values.value',
            'contract.minimum', 'contract.minimum_number',
            'contract.maximum', 'contract.maximum_number',
            'contract.vocabulary',
        ) }}

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
