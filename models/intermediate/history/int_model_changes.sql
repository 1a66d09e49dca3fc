{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{% if history_is_stale(this) %}delete from {{ this }}{% endif %}",
) }}

{%- set grows = is_incremental() and not history_is_stale(this) %}

with told_until as (

    select max(taken_at) as taken_at from {{ this if grows else ref('stg_hub__snapshots') ~ ' where false' }}

),

-- What is new, and the last that has been told of, which it is compared with.
snapshots as (

    select
        snapshots.snapshot,
        snapshots.completed_at,
        snapshots.taken_at,
        told_until.taken_at is null or snapshots.taken_at > told_until.taken_at as is_new,
        row_number() over (order by snapshots.taken_at, snapshots.snapshot) as number
    from {{ ref('stg_hub__snapshots') }} as snapshots
    cross join told_until
    where
        snapshots.completed_at is not null
        and (told_until.taken_at is null or snapshots.taken_at >= told_until.taken_at)

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

counted as (

    select
        record_id,
        count(distinct number) as n_snapshots
    from listings
    group by record_id

),

-- One text of a model is the current one. A model of which no other is listed, and that one always, stays as it is:
-- that can be told from keys of texts, and few models are left.
touched as (

    select distinct records.model_id
    from counted
    inner join {{ ref('int_records_parsed') }} as records on counted.record_id = records.record_id
    left join current_models on counted.record_id = current_models.record_id
    where
        current_models.record_id is null
        or counted.n_snapshots < (select max(snapshots.number) as number from snapshots)

),

-- As for the current snapshot: of several records the one modified last, of those the one landed last.
ranked as (

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
    inner join touched on records.model_id = touched.model_id

),

states as (

    select * from ranked
    where recency = 1

),

arrived as (

    select
        states.number,
        states.model_id,
        states.record_id
    from states
    inner join snapshots on states.number = snapshots.number and snapshots.is_new
    left join states as before on states.record_id = before.record_id and states.number = before.number + 1
    where before.record_id is null

),

departed as (

    select
        states.number + 1 as number,
        states.model_id
    from states
    inner join snapshots on states.number + 1 = snapshots.number and snapshots.is_new
    left join states as after on states.record_id = after.record_id and states.number = after.number - 1
    where after.record_id is null

),

changes as (

    select * from arrived
    union all
    -- A model that the next snapshot does not list is gone.
    select
        departed.number,
        departed.model_id,
        cast(null as bigint) as record_id
    from departed
    left join arrived on departed.number = arrived.number and departed.model_id = arrived.model_id
    where arrived.model_id is null
    {%- if not grows %}
        union all
        select
            1 as number,
            current_models.model_id,
            current_models.record_id
        from current_models
        left join touched on current_models.model_id = touched.model_id
        where touched.model_id is null
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
