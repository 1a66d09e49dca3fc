with counted as (

    -- The join drops profiles of snapshots that were deleted, or completed again later.
    select
        fields.snapshot,
        fields.path,
        cast(sum(fields.n_records) as bigint) as n_records,
        {%- for json_type in ['string', 'integer', 'number', 'boolean', 'object', 'array', 'mixed', 'null'] %}
            cast(coalesce(sum(fields.n_records) filter (where fields.json_type = '{{ json_type }}'), 0) as bigint)
                as n_{{ json_type }},
        {%- endfor %}
        {{ sorted_concat('fields.json_type', '|') }} as json_types
    from {{ ref('int_snapshot_fields') }} as fields
    inner join {{ ref('stg_hub__snapshots') }} as snapshots
        on fields.snapshot = snapshots.snapshot and fields.completed_at = snapshots.completed_at
    group by fields.snapshot, fields.path

),

final as (

    select
        counted.*,
        1e0 * counted.n_records / totals.n_records as share_of_records,
        1e0 * counted.n_null / counted.n_records as share_null,
        least(coalesce(field_values.n_distinct, 0), {{ var('profile_values') }}) as n_distinct_in_sample,
        field_values.example
    from counted
    inner join {{ ref('int_snapshot_totals') }} as totals on counted.snapshot = totals.snapshot
    left join {{ ref('int_snapshot_values') }} as field_values
        on counted.snapshot = field_values.snapshot and counted.path = field_values.path

)

select * from final
