with drifts as (

    select * from {{ ref('int_trait_drift_counts') }}

),

counts as (

    select * from {{ ref('int_trait_counts') }}

),

drifting_values as (

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
        drifting_values.trait,
        drifting_values.relation,
        drifting_values.trait_value,
        counts.n_models,
        row_number() over (
            partition by drifting_values.trait, drifting_values.relation
            order by counts.n_models desc, drifting_values.trait_value asc
        ) as popularity
    from drifting_values
    inner join counts
        on drifting_values.trait = counts.trait and drifting_values.trait_value = counts.trait_value
    where lower(drifting_values.trait_value) not in ('other', 'unknown', 'none', '')

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
            or (trait = {{ dbt.string_literal(dbt.escape_single_quotes(trait)) }} and popularity <= {{ n_values }})
        {% endfor %}

)

select * from final
