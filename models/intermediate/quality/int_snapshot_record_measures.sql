{%- set shares = {
    'with_task': "task <> ''",
    'with_library': "library <> ''",
    'with_card_languages': 'card_languages is not null',
    'with_parameters': 'n_parameters is not null',
    'with_downloads': 'downloads is not null',
    'with_likes': 'likes is not null',
    'with_all_time_downloads': 'downloads_all_time is not null',
    'with_storage': 'used_storage_bytes is not null',
    'with_sha': 'sha is not null',
    'with_gated': 'gated is not null',
    'with_private': 'is_private is not null',
    'with_modified': 'last_modified_at is not null',
    'with_created': 'created_at is not null',
    'gated': "gated <> 'false'",
    'without_tags': 'is_without_tags',
    'without_created': 'created_at is null',
    'without_task': "coalesce(task, '') = ''",
    'without_library': "coalesce(library, '') = ''",
    'without_downloads': 'downloads is null',
    'without_likes': 'likes is null',
    'ids_without_owner': "model_id not like '%/%'",
    'ids_malformed': "not (" ~ is_model_id('model_id') ~ ")",
    'tasks_unknown': "task <> '' and not has_known_task",
    'libraries_unknown': "library <> '' and not has_known_library",
    'created_as_modified': 'created_at = last_modified_at',
    'zero_downloads': 'downloads = 0',
    'zero_likes': 'likes = 0',
    'all_time_below_downloads': 'downloads_all_time < downloads',
} -%}
{%- set sums = ['downloads', 'downloads_all_time', 'likes', 'n_parameters', 'used_storage_bytes'] -%}
with snapshots as (

    {{ new_snapshots() }}

),

tasks as (

    select * from {{ ref('tasks') }}

),

libraries as (

    select library from {{ ref('libraries') }}
    union
    select flag as library from {{ ref('tag_flags') }}

),

records as (

    select
        listed.*,
        coalesce(listed.author, nullif(split_part(listed.model_id, '/', 1), listed.model_id)) as owner,
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
        max(n_records) as n_largest
    from (
        select
            snapshot,
            owner,
            count(*) as n_records
        from records
        where owner is not null
        group by snapshot, owner
    ) as by_owner
    group by snapshot

),

counted as (

    select
        snapshot,
        count(*) as n_records,
        count(distinct owner) as n_authors,
        count(distinct task) as n_tasks,
        -- The Hub gave one day to all models that are older than that.
        count(*) filter (where created_at >= timestamp '2022-03-03')
        - count(distinct case when created_at >= timestamp '2022-03-03' then created_at end) as n_created_shared,
        {% for name, condition in shares.items() %}
            count(*) filter (where {{ condition }}) as n_{{ name }},
        {% endfor %}
        {% for name in sums %}
            cast(sum({{ name }}) as double) as total_{{ name }},
        {% endfor %}
        {% for name in ['downloads', 'likes'] %}
            {% for percent in [50, 90, 99] %}
                percentile_cont({{ percent / 100 }}) within group (order by {{ name }}) as p{{ percent }}_{{ name }},
            {% endfor %}
        {% endfor %}
        cast(max(downloads) as double) as largest_downloads
    from records
    group by snapshot

),

measures as (

    {% for name in shares %}
        select
            snapshot,
            '{{ name }}' as measure,
            n_{{ name }} as n,
            1e0 * n_{{ name }} / n_records as value
        from counted
        union all
    {% endfor %}
    {% for name in ['n_records', 'n_authors', 'n_tasks'] %}
        select
            snapshot,
            '{{ name }}' as measure,
            {{ name }} as n,
            cast({{ name }} as double) as value
        from counted
        union all
    {% endfor %}
    {% for name in sums %}
        select
            snapshot,
            'total_{{ name }}' as measure,
            cast(null as bigint) as n,
            total_{{ name }} as value
        from counted
        union all
    {% endfor %}
    {% for name in ['p50_downloads', 'p90_downloads', 'p99_downloads', 'largest_downloads', 'p50_likes', 'p90_likes', 'p99_likes'] %}
        select
            snapshot,
            '{{ name }}' as measure,
            cast(null as bigint) as n,
            {{ name }} as value
        from counted
        union all
    {% endfor %}
    select
        snapshot,
        'created_shared' as measure,
        n_created_shared as n,
        1e0 * n_created_shared / n_records as value
    from counted
    union all
    select
        counted.snapshot,
        'largest_owner' as measure,
        owners.n_largest as n,
        1e0 * owners.n_largest / counted.n_records as value
    from counted
    inner join owners on counted.snapshot = owners.snapshot

),

final as (

    select
        measures.*,
        snapshots.completed_at
    from measures
    inner join snapshots on measures.snapshot = snapshots.snapshot

)

select * from final
