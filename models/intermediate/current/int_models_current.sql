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
        listed.source_name,
        listed.source_position,
        repeated.n_records,
        row_number() over (
            partition by listed.model_id
            order by listed.last_modified_at desc nulls last, listed.source_name desc, listed.source_position desc
        ) as recency
    from listed
    inner join repeated on listed.model_id = repeated.model_id

),

final as (

    -- Keys follow age, so that `parent_key < child_key` says that the parent is the older one.
    select
        cast(row_number() over (order by listed.created_at asc nulls last, listed.model_id asc) as integer) as model_key,
        listed.snapshot,
        listed.record_id,
        listed.model_id,
        listed.created_at,
        coalesce(ranked.n_records, 1) as n_records
    from listed
    left join ranked
        on listed.source_name = ranked.source_name and listed.source_position = ranked.source_position
    where coalesce(ranked.recency, 1) = 1

)

select * from final
