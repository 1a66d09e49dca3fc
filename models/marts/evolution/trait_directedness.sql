with drifts as (

    select
        *,
        n_forward - n_backward as traffic,
        n_forward + n_backward as total
    from {{ ref('int_trait_drift_counts') }}
    where counting = 'ours'

),

expectations as (

    select * from {{ ref('int_traffic_expected') }}

),

totals as (

    select
        drifts.trait,
        drifts.relation,
        count(*) as n_pairs,
        count(*) filter (where drifts.n_backward = 0) as n_one_sided_pairs,
        sum(drifts.total) as n_transitions,
        sum(drifts.traffic) as traffic,
        {{ ordered_sum('drifts.traffic / cast(drifts.total as double)', ['drifts.from_value', 'drifts.to_value']) }}
            as directedness,
        {{ ordered_sum('expectations.expected_traffic', ['drifts.from_value', 'drifts.to_value']) }}
            as expected_traffic,
        {{ ordered_sum('expectations.expected_traffic / drifts.total', ['drifts.from_value', 'drifts.to_value']) }}
            as expected_directedness
    from drifts
    inner join expectations on drifts.total = expectations.n_transitions
    group by drifts.trait, drifts.relation

),

final as (

    select
        ---- keys
        trait,
        relation,

        ---- counts
        n_pairs,
        n_one_sided_pairs,
        cast(n_transitions as bigint) as n_transitions,

        ---- directedness
        directedness / n_pairs as mean_directedness,
        traffic / cast(n_transitions as double) as weighted_directedness,

        ---- the same if both directions were equally likely
        expected_directedness / n_pairs as expected_directedness,
        expected_traffic / n_transitions as expected_weighted_directedness
    from totals

)

select * from final
