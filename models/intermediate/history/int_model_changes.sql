-- depends_on: {{ ref('int_snapshot_gate') }}
-- (a snapshot that is not fit goes no further)
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{% if history_is_stale(this) %}delete from {{ this }}{% endif %}",
) }}

{%- set grows = is_incremental() and not history_is_stale(this) %}

with told as (

    -- What has been told so far comes to one state of every model, as if it were a snapshot before all others.
    {% if grows %}
        select
            model_id,
            record_id,
            row_number() over (partition by model_id order by taken_at desc) as recency
        from {{ this }}
    {% else %}
        select
            cast(null as varchar) as model_id,
            cast(null as bigint) as record_id,
            0 as recency
        where false
    {% endif %}

),

told_until as (

    {% if grows %}
        select max(taken_at) as taken_at from {{ this }}
    {% else %}
        select cast(null as timestamp) as taken_at
    {% endif %}

),

snapshots as (

    select
        snapshots.snapshot,
        snapshots.completed_at,
        snapshots.taken_at,
        row_number() over (order by snapshots.taken_at, snapshots.snapshot) as number
    from {{ ref('stg_hub__snapshots') }} as snapshots
    cross join told_until
    where
        snapshots.completed_at is not null
        and (told_until.taken_at is null or snapshots.taken_at > told_until.taken_at)

),

-- As for the current snapshot: of several records the one modified last, of those the one landed last.
listed as (

    select
        snapshots.number,
        listings.model_id,
        listings.record_id,
        row_number() over (
            partition by listings.snapshot, listings.model_id
            order by
                listings.last_modified_at desc nulls last, listings.source_name desc, listings.source_position desc
        ) as recency
    from {{ ref('int_records_listed') }} as listings
    inner join snapshots on listings.snapshot = snapshots.snapshot

),

states as (

    select
        number,
        model_id,
        record_id
    from listed
    where recency = 1
    union all
    select
        0 as number,
        model_id,
        record_id
    from told
    where recency = 1 and record_id is not null

),

changes as (

    select
        states.number,
        states.model_id,
        states.record_id
    from states
    left join states as before on states.model_id = before.model_id and states.number = before.number + 1
    where states.number > 0 and states.record_id is distinct from before.record_id
    union all
    -- A model that the next snapshot does not list is gone.
    select
        states.number + 1 as number,
        states.model_id,
        cast(null as bigint) as record_id
    from states
    left join states as after on states.model_id = after.model_id and states.number = after.number - 1
    where after.model_id is null

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
