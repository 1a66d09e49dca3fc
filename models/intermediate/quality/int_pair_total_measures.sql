with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

previous_measures as (

    select measures.*
    from {{ ref('int_snapshot_measures') }} as measures
    inner join compared on measures.snapshot = compared.previous_snapshot

),

totals as (

    select * from {{ ref('int_pair_totals') }}

),

counts as (

    {% for name, count, total, examples in [
        ('models_gone', 'n_gone', 'n_models_previous', 'examples_gone'),
        ('models_renamed', 'n_renamed', 'n_models_previous', 'examples_renamed'),
        ('models_added', 'n_new', 'n_models_previous', 'examples_new'),
        ('models_late', 'n_late', 'n_models_previous', 'examples_late'),
        ('models_of_one_owner', 'n_new_of_one_owner', 'n_models_previous', 'examples_new'),
        ('popular_models_gone', 'n_popular_gone', '(0.05 * n_models_previous)', 'examples_popular_gone'),
    ] %}
        select
            '{{ name }}' as measure,
            {{ count }} as n,
            1e0 * {{ count }} / nullif({{ total }}, 0) as value,
            {{ examples }} as examples
        from totals
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

sums as (

    {% for metric in pair_totals() %}
        select
            '{{ metric }}_total' as measure,
            totals.n_models_previous as n,
            previous_measures.value - coalesce(totals.{{ metric }}_gone, 0) as before,
            previous_measures.value - coalesce(totals.{{ metric }}_gone, 0) + coalesce(totals.{{ metric }}_change, 0)
                as after
        from totals
        inner join previous_measures on previous_measures.measure = 'total_{{ metric }}'
        where totals.{{ metric }}_change is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        measure,
        n,
        value,
        cast(null as double) as before,
        value as after,
        examples
    from counts
    union all
    -- A total that doubles and one that halves are as far from 1.
    select
        measure,
        n,
        case
            when before > 0 and after > 0 then least(greatest(after / before, before / after) - 1, 99)
            when before > 0 then 99
        end as value,
        before,
        after,
        cast(null as string) as examples
    from sums
    union all
    select
        measure || '_fell' as measure,
        n,
        1 - after / nullif(before, 0) as value,
        before,
        after,
        cast(null as string) as examples
    from sums
    where measure in ('likes_total', 'downloads_all_time_total')

)

select * from final
