with snapshots_compared as (

    -- Without a known scope, the rates of two snapshots are those of other models each time.
    select compared.snapshot
    from {{ ref('int_snapshots_compared') }} as compared
    inner join {{ ref('int_history_snapshots') }} as history on compared.previous_snapshot = history.snapshot

),

families as (

    select * from {{ ref('int_model_families') }}
    where edge_set = 'no_merge'

),

joined_families as (

    select * from {{ ref('int_joined_families') }}

),

previous_overlaps as (

    select * from {{ ref('int_previous_overlaps') }}

),

previous_edges as (

    select * from {{ ref('int_previous_edges') }}

),

current_ratios as (

    select * from {{ ref('int_family_trait_ratios') }}

),

trait_overlaps as (

    select
        previous_overlaps.trait,
        previous_edges.relation,
        coalesce(families.family_key, previous_edges.parent_key) as family_key,
        previous_overlaps.n_parent,
        previous_overlaps.n_child,
        previous_overlaps.n_shared,
        previous_overlaps.n_union,
        count(*) as n_edges
    from previous_overlaps
    inner join previous_edges
        on
            previous_overlaps.parent_key = previous_edges.parent_key
            and previous_overlaps.child_key = previous_edges.child_key
    left join families on previous_edges.parent_key = families.model_key
    group by
        previous_overlaps.trait,
        previous_edges.relation,
        coalesce(families.family_key, previous_edges.parent_key),
        previous_overlaps.n_parent,
        previous_overlaps.n_child,
        previous_overlaps.n_shared,
        previous_overlaps.n_union

),

previous_ratios as (

    {{ family_trait_ratios('trait_overlaps') }}

),

ratios as (

    select
        previous_ratios.*,
        false as is_current
    from previous_ratios
    union all
    select
        current_ratios.*,
        true as is_current
    from current_ratios
    cross join snapshots_compared

),

final as (

    -- Families that an edge of either snapshot joins are one family, so that both snapshots have the same families.
    select
        ratios.is_current,
        ratios.measure,
        ratios.trait,
        ratios.relation,
        coalesce(joined_families.joined_family_key, ratios.family_key) as family_key,
        {{ ordered_sum('cast(ratios.numerator as double)', ['ratios.family_key']) }} as numerator,
        cast(sum(ratios.denominator) as bigint) as denominator
    from ratios
    left join joined_families on ratios.family_key = joined_families.family_key
    where ratios.side in ('edge', 'change')
    group by
        ratios.is_current,
        ratios.measure,
        ratios.trait,
        ratios.relation,
        coalesce(joined_families.joined_family_key, ratios.family_key)

)

select * from final
