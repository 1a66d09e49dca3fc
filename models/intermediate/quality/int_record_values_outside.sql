with bounds as (

    select * from {{ ref('int_contract_bounds') }}

),

records as {{ not_materialized() }} (

    select
        record_id,
        record
    from {{ ref('stg_hub__records') }}
    {{ new_records_only() }}

),

record_values as (

    select
        record_id,
        {{ checked_values('record') }}
    from records

),

final as (

    select
        record_values.record_id,
        record_values.path,
        left(record_values.value, 60) as value,
        bounds.digest as vocabulary_digest
    from record_values
    inner join bounds on record_values.path = bounds.path
    where
        {{ is_outside(
            'record_values.value',
            'bounds.minimum', 'bounds.minimum_number',
            'bounds.maximum', 'bounds.maximum_number',
            'bounds.vocabulary',
        ) }}
    union all
    -- A row without a path marks the last record processed, since no value may be outside its bounds.
    select
        max(records.record_id) as record_id,
        null as path,
        null as value,
        (select max(bounds.digest) from bounds) as vocabulary_digest
    from records
    having max(records.record_id) is not null

)

select * from final
