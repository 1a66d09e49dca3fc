with drifts as (

    select * from {{ ref('int_trait_drift_counts') }}

),

counts as (

    select * from {{ ref('int_trait_counts') }}

),

drifting_values as (

    select
        counting,
        trait,
        relation,
        from_value as trait_value
    from drifts
    where n_forward > n_backward
    union
    select
        counting,
        trait,
        relation,
        to_value as trait_value
    from drifts
    where n_forward > n_backward

),

carried_values as (

    select
        drifting_values.counting,
        drifting_values.trait,
        drifting_values.relation,
        drifting_values.trait_value,
        case drifting_values.counting when 'paper' then counts.n_models_paper else counts.n_models end as n_models
    from drifting_values
    inner join counts
        on drifting_values.trait = counts.trait and drifting_values.trait_value = counts.trait_value
    where lower(drifting_values.trait_value) not in ('other', 'unknown', 'none', '')

),

ranked as (

    select
        *,
        row_number() over (
            partition by counting, trait, relation order by n_models desc, trait_value asc
        ) as popularity
    from carried_values

),

final as (

    select
        counting,
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
