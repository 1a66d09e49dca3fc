with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

listings as (

    select
        listings.record_id,
        listings.source_name,
        listings.source_position,
        listings.snapshot = compared.snapshot as is_now
    from {{ ref('stg_hub__listings') }} as listings
    cross join compared
    where
        listings.snapshot in (compared.snapshot, compared.previous_snapshot)
        and compared.previous_snapshot is not null

),

one_sided as (

    -- A model whose record both snapshots list has not changed. This needs keys only, so the cost follows the changes.
    select record_id from listings
    group by record_id
    having max(case when is_now then 1 else 0 end) = min(case when is_now then 1 else 0 end)

),

records as (

    select
        record_id,
        model_id,
        last_modified_at
    from {{ ref('int_records_parsed') }}

),

candidates as (

    select distinct records.model_id
    from records
    inner join one_sided on records.record_id = one_sided.record_id

),

ranked as (

    -- As in int_models_current: the record modified last wins; ties go to the record landed last.
    select
        records.model_id,
        listings.record_id,
        listings.is_now,
        row_number() over (
            partition by listings.is_now, records.model_id
            order by records.last_modified_at desc nulls last, listings.source_name desc, listings.source_position desc
        ) as recency
    from listings
    inner join records on listings.record_id = records.record_id
    inner join candidates on records.model_id = candidates.model_id

),

final as (

    select
        model_id,
        max(case when not is_now then record_id end) as previous_record_id,
        max(case when is_now then record_id end) as record_id
    from ranked
    where recency = 1
    group by model_id
    having count(distinct record_id) = 2 or count(*) = 1

)

select * from final
