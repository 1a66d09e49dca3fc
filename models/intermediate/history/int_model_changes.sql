{%- set is_appending = is_incremental() and not history_needs_rebuild(this) %}
with last_processed as (

    select max(taken_at) as taken_at from {{ this if is_appending else ref('int_history_snapshots') ~ ' where false' }}

),

snapshots as (

    -- The new snapshots, and the last one processed, with which they are compared.
    select
        snapshots.snapshot,
        snapshots.completed_at,
        snapshots.taken_at,
        last_processed.taken_at is null or snapshots.taken_at > last_processed.taken_at as is_new,
        row_number() over (order by snapshots.taken_at, snapshots.snapshot) as number
    from {{ ref('int_history_snapshots') }} as snapshots
    cross join last_processed
    where last_processed.taken_at is null or snapshots.taken_at >= last_processed.taken_at

),

listings as (

    select
        snapshots.number,
        listings.record_id,
        listings.source_name,
        listings.source_position
    from {{ ref('stg_hub__listings') }} as listings
    inner join snapshots on listings.snapshot = snapshots.snapshot

),

current_models as (

    select * from {{ ref('int_models_current') }}

),

listing_counts as (

    select
        record_id,
        count(distinct number) as n_snapshots
    from listings
    group by record_id

),

candidates as (

    -- A model has not changed if its current record is listed in every snapshot and no other record of it is listed.
    -- Testing this needs record keys only, and leaves few models to compare.
    select distinct records.model_id
    from listing_counts
    inner join {{ ref('int_records_parsed') }} as records on listing_counts.record_id = records.record_id
    left join current_models on listing_counts.record_id = current_models.record_id
    where
        current_models.record_id is null
        or listing_counts.n_snapshots < (select max(snapshots.number) as number from snapshots)

),

ranked as (

    -- As in int_models_current: the record modified last wins; ties go to the record landed last.
    select
        listings.number,
        records.model_id,
        listings.record_id,
        row_number() over (
            partition by listings.number, records.model_id
            order by records.last_modified_at desc nulls last, listings.source_name desc, listings.source_position desc
        ) as recency
    from listings
    inner join {{ ref('int_records_parsed') }} as records on listings.record_id = records.record_id
    inner join candidates on records.model_id = candidates.model_id

),

model_records as (

    select * from ranked
    where recency = 1

),

started as (

    select
        model_records.number,
        model_records.model_id,
        model_records.record_id
    from model_records
    inner join snapshots on model_records.number = snapshots.number and snapshots.is_new
    left join model_records as previous
        on model_records.record_id = previous.record_id and model_records.number = previous.number + 1
    where previous.record_id is null

),

ended as (

    select
        model_records.number + 1 as number,
        model_records.model_id
    from model_records
    inner join snapshots on model_records.number + 1 = snapshots.number and snapshots.is_new
    left join model_records as following
        on model_records.record_id = following.record_id and model_records.number = following.number - 1
    where following.record_id is null

),

changes as (

    select * from started
    union all
    -- A model that the next snapshot does not list is gone: record_id is null.
    select
        ended.number,
        ended.model_id,
        cast(null as bigint) as record_id
    from ended
    left join started on ended.number = started.number and ended.model_id = started.model_id
    where started.model_id is null
    {%- if not is_appending %}
        union all
        -- A model that never changed has one row: its record in the first snapshot.
        select
            1 as number,
            current_models.model_id,
            current_models.record_id
        from current_models
        left join candidates on current_models.model_id = candidates.model_id
        where candidates.model_id is null
    {%- endif %}

),

final as (

    select
        changes.model_id,
        snapshots.snapshot,
        snapshots.completed_at,
        snapshots.taken_at,
        changes.record_id
    from changes
    inner join snapshots on changes.number = snapshots.number

)

select * from final
