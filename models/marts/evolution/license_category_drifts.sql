with drifts as (

    select * from {{ ref('int_trait_drift_counts') }}
    where counting = 'ours' and trait = 'license'

),

categories as (

    select * from {{ ref('int_license_categories') }}

),

directed as (

    select
        relation,
        from_value,
        to_value,
        n_forward as n_transitions
    from drifts
    union all
    select
        relation,
        to_value as from_value,
        from_value as to_value,
        n_backward as n_transitions
    from drifts

),

between_categories as (

    select
        origins.taxonomy,
        directed.relation,
        origins.category as from_category,
        targets.category as to_category,
        sum(directed.n_transitions) as n_transitions
    from directed
    inner join categories as origins on directed.from_value = origins.license
    inner join categories as targets on directed.to_value = targets.license and origins.taxonomy = targets.taxonomy
    where origins.category <> targets.category
    group by origins.taxonomy, directed.relation, origins.category, targets.category

),

final as (

    select
        forwards.taxonomy,
        forwards.relation,
        forwards.from_category,
        forwards.to_category,
        cast(forwards.n_transitions as bigint) as n_forward,
        cast(coalesce(backwards.n_transitions, 0) as bigint) as n_backward,
        cast(forwards.n_transitions - coalesce(backwards.n_transitions, 0) as bigint) as traffic
    from between_categories as forwards
    left join between_categories as backwards
        on
            forwards.taxonomy = backwards.taxonomy
            and forwards.relation = backwards.relation
            and forwards.from_category = backwards.to_category
            and forwards.to_category = backwards.from_category
    where
        forwards.n_transitions > coalesce(backwards.n_transitions, 0)
        or (
            forwards.n_transitions = coalesce(backwards.n_transitions, 0)
            and forwards.n_transitions > 0
            and forwards.from_category < forwards.to_category
        )

)

select * from final
