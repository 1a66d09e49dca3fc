with listings as (

    select records.*
    from {{ ref('int_records_listed') }} as records
    inner join {{ ref('int_snapshots_current') }} as current_snapshot
        on records.snapshot = current_snapshot.snapshot

),

repeated_ids as (

    -- An id can appear on two pages or in two files. Only repeated ids are ranked, since there are few.
    select
        model_id,
        count(*) as n_records
    from listings
    group by model_id
    having count(*) > 1

),

ranked as (

    -- The record modified last wins; ties go to the record landed last.
    select
        listings.source_name,
        listings.source_position,
        repeated_ids.n_records,
        row_number() over (
            partition by listings.model_id
            order by listings.last_modified_at desc nulls last, listings.source_name desc, listings.source_position desc
        ) as recency
    from listings
    inner join repeated_ids on listings.model_id = repeated_ids.model_id

),

final as (

    -- Keys follow age: `parent_key < child_key` means that the parent is the older model.
    select
        cast(
            row_number() over (order by listings.created_at asc nulls last, listings.model_id asc) as integer
        ) as model_key,
        listings.snapshot,
        listings.record_id,
        listings.model_id,
        listings.created_at,
        coalesce(ranked.n_records, 1) as n_records
    from listings
    left join ranked
        on listings.source_name = ranked.source_name and listings.source_position = ranked.source_position
    where coalesce(ranked.recency, 1) = 1

)

select * from final
