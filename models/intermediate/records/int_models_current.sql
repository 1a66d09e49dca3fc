-- depends_on: {{ ref('int_snapshot_gate') }}
-- (a snapshot that is not fit goes no further)
with records as (

    select * from {{ ref('int_records_listed') }}

),

current_snapshot as (

    select * from {{ ref('int_snapshots_current') }}

),

ranked as (

    -- The same id can stand on two pages or in two files: the record modified last is the current one;
    -- of records modified at the same time, the one landed last.
    select
        records.*,
        row_number() over (
            partition by records.model_id
            order by records.last_modified_at desc nulls last, records.source_name desc, records.source_position desc
        ) as recency,
        count(*) over (partition by records.model_id) as n_records
    from records
    inner join current_snapshot on records.snapshot = current_snapshot.snapshot

),

final as (

    -- Keys follow age, so that `parent_key < child_key` says that the parent is the older one.
    select
        row_number() over (order by created_at asc nulls last, model_id asc)::integer as model_key,
        * exclude (tags, recency)
    from ranked
    where recency = 1

)

select * from final
