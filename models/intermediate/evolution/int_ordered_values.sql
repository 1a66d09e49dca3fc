with drifts as (

    select * from {{ ref('int_trait_drift_counts') }}

),

counts as (

    select * from {{ ref('int_trait_counts') }}

),

drifting as (

    select
        trait,
        relation,
        from_value as trait_value
    from drifts
    where n_forward > n_backward
    union
    select
        trait,
        relation,
        to_value as trait_value
    from drifts
    where n_forward > n_backward

),

ranked as (

    select
        drifting.trait,
        drifting.relation,
        drifting.trait_value,
        counts.n_models,
        row_number() over (
            partition by drifting.trait, drifting.relation
            order by counts.n_models desc, drifting.trait_value asc
        ) as popularity
    from drifting
    inner join counts
        on drifting.trait = counts.trait and drifting.trait_value = counts.trait_value
    where lower(drifting.trait_value) not in ('other', 'unknown', 'none', '')

),

final as (

    select
        trait,
        relation,
        trait_value,
        n_models,
        popularity
    from ranked
    where
        false
        {% for trait, n_values in var('evolving_traits').items() %}
            or (trait = '{{ trait }}' and popularity <= {{ n_values }})
        {% endfor %}

)

select * from final
