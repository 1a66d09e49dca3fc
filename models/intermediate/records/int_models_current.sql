-- depends_on: {{ ref('int_snapshot_gate') }}
-- (a snapshot that is not fit goes no further)
with listed as (

    select records.*
    from {{ ref('int_records_listed') }} as records
    inner join {{ ref('int_snapshots_current') }} as current_snapshot
        on records.snapshot = current_snapshot.snapshot

),

repeated as (

    -- The same id can stand on two pages or in two files. Few do, so only they are put in order.
    select
        model_id,
        count(*) as n_records
    from listed
    group by model_id
    having count(*) > 1

),

ranked as (

    -- The record modified last is the current one; of records modified at the same time, the one landed last.
    select
        listed.snapshot,
        listed.record_id,
        listed.model_id,
        listed.created_at,
        repeated.n_records,
        row_number() over (
            partition by listed.model_id
            order by listed.last_modified_at desc nulls last, listed.source_name desc, listed.source_position desc
        ) as recency
    from listed
    inner join repeated on listed.model_id = repeated.model_id

),

chosen as (

    select
        snapshot,
        record_id,
        model_id,
        created_at,
        n_records
    from ranked
    where recency = 1
    union all
    select
        snapshot,
        record_id,
        model_id,
        created_at,
        1 as n_records
    from listed
    where model_id not in (select repeated.model_id from repeated)

),

final as (

    -- Keys follow age, so that `parent_key < child_key` says that the parent is the older one.
    select
        row_number() over (order by created_at asc nulls last, model_id asc)::integer as model_key,
        snapshot,
        record_id,
        model_id,
        created_at,
        n_records
    from chosen

)

select * from final
