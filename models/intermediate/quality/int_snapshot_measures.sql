with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

totals as (

    select totals.*
    from {{ ref('int_snapshot_totals') }} as totals
    inner join compared on totals.snapshot = compared.snapshot

),

cards as (

    select * from {{ ref('int_card_losses') }}

),

final as (

    select
        'models_lost' as measure,
        greatest(n_models_largest - n_models, 0) as n,
        1e0 * greatest(n_models_largest - n_models, 0) / n_models_largest as share
    from compared
    union all
    select
        'records_without_tags' as measure,
        n_records_without_tags as n,
        1e0 * n_records_without_tags / n_records as share
    from totals
    union all
    select
        'records_without_time' as measure,
        n_records_without_created_at as n,
        1e0 * n_records_without_created_at / n_records as share
    from totals
    union all
    select
        'id_time_mismatches' as measure,
        n_records_with_id_time_mismatch as n,
        1e0 * n_records_with_id_time_mismatch / n_records as share
    from totals
    union all
    select
        'records_rejected' as measure,
        n_rejected as n,
        1e0 * n_rejected / (n_records + n_rejected) as share
    from totals
    union all
    select
        'records_repeated' as measure,
        n_records - n_models as n,
        1e0 * (n_records - n_models) / n_records as share
    from totals
    union all
    select
        'order_reversed' as measure,
        n_records as n,
        greatest(-position_age_correlation, 0) as share
    from totals
    where is_crawl
    union all
    select
        'cards_emptied' as measure,
        n_emptied as n,
        1e0 * n_emptied / n_cards as share
    from cards
    where n_cards > 0

)

select * from final
