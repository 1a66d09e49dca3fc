-- depends_on: {{ ref('int_snapshot_gate') }}
-- (a snapshot that is not fit goes no further)
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{% if history_is_stale(this) %}delete from {{ this }}{% endif %}",
) }}

{%- set grows = is_incremental() and not history_is_stale(this) %}

with told_until as (

    {% if grows %}
        select max(taken_at) as taken_at from {{ this }}
    {% else %}
        select cast(null as timestamp) as taken_at
    {% endif %}

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

listed as (

    select
        snapshots.number,
        snapshots.is_new,
        listings.model_id,
        listings.record_id,
        listings.last_modified_at,
        listings.source_name,
        listings.source_position
    from {{ ref('int_records_listed') }} as listings
    inner join snapshots on listings.snapshot = snapshots.snapshot

),

repeated as (

    select
        number,
        model_id
    from listed
    group by number, model_id
    having count(*) > 1

),

-- As for the current snapshot: of several records the one modified last, of those the one landed last.
ranked as (

    select
        listed.*,
        row_number() over (
            partition by listed.number, listed.model_id
            order by listed.last_modified_at desc nulls last, listed.source_name desc, listed.source_position desc
        ) as recency
    from listed
    inner join repeated on listed.number = repeated.number and listed.model_id = repeated.model_id

),

states as (

    select
        number,
        is_new,
        model_id,
        record_id
    from ranked
    where recency = 1
    union all
    select
        listed.number,
        listed.is_new,
        listed.model_id,
        listed.record_id
    from listed
    left join repeated on listed.number = repeated.number and listed.model_id = repeated.model_id
    where repeated.model_id is null

),

-- Keys of texts are compared, which is quick; names are only of what differs.
arrived as (

    select
        states.number,
        states.model_id,
        states.record_id
    from states
    left join states as before on states.record_id = before.record_id and states.number = before.number + 1
    where states.is_new and before.record_id is null

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
