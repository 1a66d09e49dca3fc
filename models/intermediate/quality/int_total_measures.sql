with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

totals as (

    select totals.*
    from {{ ref('int_snapshot_totals') }} as totals
    inner join compared on totals.snapshot = compared.snapshot

),

final as (

    select
        'models_lost' as measure,
        greatest(n_models_largest - n_models, 0) as n,
        1e0 * greatest(n_models_largest - n_models, 0) / n_models_largest as value,
        cast(n_models_largest as double) as before,
        cast(n_models as double) as after
    from compared
    union all
    select
        'id_time_mismatches' as measure,
        n_records_with_id_time_mismatch as n,
        1e0 * n_records_with_id_time_mismatch / n_records as value,
        cast(null as double) as before,
        1e0 * n_records_with_id_time_mismatch / n_records as after
    from totals
    union all
    select
        'records_rejected' as measure,
        n_rejected as n,
        1e0 * n_rejected / (n_records + n_rejected) as value,
        cast(null as double) as before,
        1e0 * n_rejected / (n_records + n_rejected) as after
    from totals
    union all
    select
        'records_repeated' as measure,
        n_records - n_models as n,
        1e0 * (n_records - n_models) / n_records as value,
        cast(null as double) as before,
        1e0 * (n_records - n_models) / n_records as after
    from totals
    union all
    select
        'order_reversed' as measure,
        n_records as n,
        greatest(-position_age_correlation, 0) as value,
        cast(null as double) as before,
        position_age_correlation as after
    from totals
    where is_crawl

)

select * from final
