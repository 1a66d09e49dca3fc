with traits as (

    select * from {{ ref('int_model_traits') }}

),

final as (

    select
        model_key,
        trait,
        trait_value,
        is_counted,
        is_paper
    from traits
    where trait in (
        {% for trait in var('evolving_traits') %}
            {{ dbt.string_literal(dbt.escape_single_quotes(trait)) }}{% if not loop.last %},{% endif %}
        {% endfor %}
    )

)

select * from final
