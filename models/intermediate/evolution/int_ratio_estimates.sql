with ratios as (

    select * from {{ ref('int_family_ratios') }}

),

intervals as (

    select * from {{ ref('ratio_intervals') }}

),

totals as (

    select
        measure,
        relation,
        cast(sum(denominator) as bigint) as n_edges,
        count(*) as n_families,
        sum(numerator order by family_key) / sum(denominator) as value
    from ratios
    group by measure, relation

),

final as (

    select
        totals.*,
        intervals.value_low,
        intervals.value_high
    from totals
    left join intervals on totals.measure = intervals.measure and totals.relation = intervals.relation

)

select * from final
