with counts as (

    select * from {{ ref('int_snapshot_record_counts') }}

),

final as (

    {% for name in record_conditions().keys() | list + ['created_shared', 'largest_owner'] %}
        select
            snapshot,
            completed_at,
            '{{ name }}' as measure,
            n_{{ name }} as n,
            1e0 * n_{{ name }} / n_records as value
        from counts
        union all
    {% endfor %}
    {% for metric in ['downloads', 'likes'] %}
        -- Three models with the same largest number of 100 or more are a sign of a cap.
        select
            snapshot,
            completed_at,
            '{{ metric }}_capped' as measure,
            cast(n_records as bigint) as n,
            case
                when largest_{{ metric }} >= 100 and third_{{ metric }} = largest_{{ metric }} then 1e0 else 0e0
            end as value
        from counts
        union all
    {% endfor %}
    {% for name in record_aggregates().keys() | list + ['n_authors'] %}
        select
            snapshot,
            completed_at,
            '{{ name }}' as measure,
            {{ 'cast(' ~ name ~ ' as bigint)' if name.startswith('n_') else 'cast(null as bigint)' }} as n,
            {{ name }} as value
        from counts
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
