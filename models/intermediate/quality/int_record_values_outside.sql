{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{% if vocabularies_changed(this, ref('int_contract_bounds')) %}truncate {{ this }}{% endif %}",
) }}

with bounds as (

    select * from {{ ref('int_contract_bounds') }}

),

records as {{ not_materialized() }} (

    select
        record_id,
        record
    from {{ ref('stg_hub__records') }}
    {{ unread_records() }}

),

read_values as (

    select
        record_id,
        {{ checked_values('record') }}
    from records

),

final as (

    select
        read_values.record_id,
        read_values.path,
        left(read_values.value, 60) as value,
        bounds.version as vocabularies
    from read_values
    inner join bounds on read_values.path = bounds.path
    where
        {{ is_outside(
            'read_values.value',
            'bounds.minimum', 'bounds.minimum_number',
            'bounds.maximum', 'bounds.maximum_number',
            'bounds.vocabulary',
        ) }}
    union all
    -- How far texts have been read, for there may be nothing to say of any.
    select
        max(records.record_id) as record_id,
        null as path,
        null as value,
        (select max(bounds.version) from bounds) as vocabularies
    from records
    having max(records.record_id) is not null

)

select * from final
