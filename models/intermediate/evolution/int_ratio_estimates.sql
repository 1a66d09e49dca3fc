with totals as (

    select
        measure,
        trait,
        side,
        relation,
        cast(sum(denominator) as bigint) as n_edges,
        count(*) as n_families,
        {{ ordered_sum('numerator', ['family_key']) }} / sum(denominator) as value
    from {{ ref('int_family_ratios') }}
    group by measure, trait, side, relation

),

final as (

    select
        totals.*,
        intervals.value_low,
        intervals.value_high,
        intervals.n_families_effective,
        intervals.share_of_largest_family,
        intervals.interval_method
    from totals
    left join {{ ref('int_ratio_intervals') }} as intervals
        on
            totals.measure = intervals.measure
            and totals.trait = intervals.trait
            and totals.side = intervals.side
            and totals.relation = intervals.relation

)

select * from final
