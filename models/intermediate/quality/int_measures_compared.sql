with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

current_measures as (

    select measures.*
    from {{ ref('int_snapshot_measures') }} as measures
    inner join compared on measures.snapshot = compared.snapshot

),

previous_measures as (

    select measures.*
    from {{ ref('int_snapshot_measures') }} as measures
    inner join compared on measures.snapshot = compared.previous_snapshot

),

totals as (

    select * from {{ ref('int_snapshot_totals') }}

),

pairs as (

    select * from {{ ref('int_pair_measures') }}

),

comparable as (

    -- November 2026: of two samples of June and August 2026, 99 % of the models differ. They are no states of one list,
    -- so each is measured alone. A crawl lists the whole Hub, so models that it lacks are gone.
    select
        coalesce(
            compared.previous_snapshot is not null and (totals.is_crawl or coalesce(gone.value, 0) <= 0.5), false
        ) as is_comparable
    from compared
    inner join totals on compared.snapshot = totals.snapshot
    left join pairs as gone on gone.measure = 'models_gone'

),

final as (

    -- The share of what is wrong: compared with the previous snapshot, its growth.
    select
        current_measures.measure,
        comparable.is_comparable,
        current_measures.n,
        case
            when comparable.is_comparable then current_measures.value - coalesce(previous_measures.value, 0)
            else current_measures.value
        end as value,
        case when comparable.is_comparable then previous_measures.value end as before,
        current_measures.value as after,
        cast(null as string) as examples
    from current_measures
    cross join comparable
    left join previous_measures on current_measures.measure = previous_measures.measure
    union all
    select
        pairs.measure,
        true as is_comparable,
        pairs.n,
        pairs.value,
        pairs.before,
        pairs.after,
        pairs.examples
    from pairs
    cross join comparable
    where comparable.is_comparable
    union all
    select
        'snapshots_differ' as measure,
        true as is_comparable,
        pairs.n,
        pairs.value,
        pairs.before,
        pairs.after,
        pairs.examples
    from pairs
    cross join comparable
    where not comparable.is_comparable and pairs.measure = 'models_gone'
    union all
    select
        totals.measure,
        true as is_comparable,
        totals.n,
        totals.value,
        totals.before,
        totals.after,
        cast(null as string) as examples
    from {{ ref('int_total_measures') }} as totals
    union all
    select
        cards.measure,
        true as is_comparable,
        cards.n,
        cards.value,
        cards.before,
        cards.after,
        cards.examples
    from {{ ref('int_card_changes') }} as cards

)

select * from final
