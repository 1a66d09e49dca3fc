with snapshots as (

    {{ new_snapshots() }}

),

tasks as (

    select task from {{ ref('tasks') }}
    union
    select written_value as task from {{ ref('int_field_values') }}
    where field = 'task'

),

libraries as (

    select library from {{ ref('libraries') }}
    union
    select flag as library from {{ ref('tag_flags') }}
    union
    select written_value as library from {{ ref('int_field_values') }}
    where field = 'library'

),

records as {{ not_materialized() }} (

    select
        listed.*,
        tasks.task is not null as has_known_task,
        libraries.library is not null as has_known_library
    from {{ ref('int_records_listed') }} as listed
    left join tasks on listed.task = tasks.task
    left join libraries on listed.library = libraries.library
    where listed.snapshot in (select snapshots.snapshot from snapshots)

),

owners as (

    select
        snapshot,
        coalesce(author, nullif(split_part(model_id, '/', 1), model_id)) as owner,
        count(*) as n_records
    from records
    group by snapshot, coalesce(author, nullif(split_part(model_id, '/', 1), model_id))

),

owner_counts as (

    select
        snapshot,
        count(owner) as n_authors,
        max(case when owner is not null then n_records end) as n_largest_owner
    from owners
    group by snapshot

),

counted as (

    select
        snapshot,
        {% for name, condition in record_conditions().items() %}
            count(*) filter (where {{ condition }}) as n_{{ name }},
        {% endfor %}
        {% for name, aggregate in record_aggregates().items() %}
            cast({{ aggregate }} as double) as {{ name }},
        {% endfor %}
        -- The Hub gave one day to all models that are older than that. A model that is listed twice shares no time.
        count(distinct case when created_at >= timestamp '2022-03-03' then model_id end)
        - count(distinct case when created_at >= timestamp '2022-03-03' then created_at end) as n_created_shared
    from records
    group by snapshot

),

final as (

    select
        counted.*,
        cast(owner_counts.n_authors as double) as n_authors,
        coalesce(owner_counts.n_largest_owner, 0) as n_largest_owner,
        snapshots.completed_at
    from counted
    inner join snapshots on counted.snapshot = snapshots.snapshot
    inner join owner_counts on counted.snapshot = owner_counts.snapshot

)

select * from final
