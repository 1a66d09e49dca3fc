with counts as (

    select * from {{ ref('int_snapshot_tag_counts') }}

),

carriers as (

    select * from {{ ref('int_snapshot_tag_carriers') }}

),

records as (

    select
        snapshot,
        completed_at,
        cast(n_records as bigint) as n_records
    from {{ ref('int_snapshot_record_counts') }}

),

sums as (

    select
        records.snapshot,
        records.completed_at,
        records.n_records,
        coalesce(sum(counts.n_parents), 0) as n_parents,
        coalesce(sum(counts.n_uses), 0) as n_tags,
        {% for kind in tag_kinds() %}
            coalesce(sum(counts.n_uses) filter (where counts.kind = '{{ kind }}'), 0) as n_{{ kind }},
            coalesce(sum(counts.n_distinct) filter (where counts.kind = '{{ kind }}'), 0) as n_distinct_{{ kind }},
            coalesce(sum(counts.n_malformed) filter (where counts.kind = '{{ kind }}'), 0) as n_malformed_{{ kind }},
        {% endfor %}
        coalesce(sum(counts.n_in_hub), 0) as n_in_hub,
        coalesce(sum(counts.n_in_other_case), 0) as n_in_other_case,
        coalesce(sum(counts.n_malformed) filter (where counts.n_parents > 0), 0) as n_malformed_parents,
        coalesce(sum(counts.n_of_dataset), 0) as n_of_dataset
    from records
    left join counts on records.snapshot = counts.snapshot
    group by records.snapshot, records.completed_at, records.n_records

),

words as (

    {% for word in ['license', 'dataset', 'arxiv', 'language', 'parent'] %}
        select '{{ word }}' as carried
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

carried as (

    select
        records.snapshot,
        records.completed_at,
        words.carried,
        records.n_records,
        coalesce(carriers.n_records, 0) as n_carriers
    from records
    cross join words
    left join carriers on records.snapshot = carriers.snapshot and words.carried = carriers.carried

),

final as (

    {% for measure, count, total in tag_measures() %}
        select
            snapshot,
            completed_at,
            '{{ measure }}' as measure,
            cast({{ count }} as bigint) as n,
            1e0 * {{ count }} / nullif({{ total }}, 0) as value
        from sums
        union all
    {% endfor %}
    select
        snapshot,
        completed_at,
        'with_' || carried as measure,
        n_carriers as n,
        1e0 * n_carriers / n_records as value
    from carried
    union all
    select
        snapshot,
        completed_at,
        'without_' || carried as measure,
        n_records - n_carriers as n,
        1e0 - 1e0 * n_carriers / n_records as value
    from carried

)

select * from final
