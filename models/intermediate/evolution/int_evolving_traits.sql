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
            '{{ trait }}'{% if not loop.last %},{% endif %}
        {% endfor %}
    )

)

select * from final
