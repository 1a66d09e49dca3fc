with final as (

    select
        snapshot,
        completed_at,
        measure,
        n,
        value
    from {{ ref('int_snapshot_record_measures') }}
    union all
    select
        snapshot,
        completed_at,
        measure,
        n,
        value
    from {{ ref('int_snapshot_tag_measures') }}
    union all
    select
        snapshot,
        completed_at,
        'n_models' as measure,
        n_models as n,
        cast(n_models as double) as value
    from {{ ref('int_snapshot_totals') }}

)

select * from final
