with estimates as (

    select * from {{ ref('int_ratio_estimates') }}

),

final as (

    select
        relation,
        {% for measure in ['has_card', 'n_characters', 'is_auto_generated'] %}
            max(case when measure = '{{ measure }}_parent' then n_edges end) as {{ measure }}_edges,
            max(case when measure = '{{ measure }}_parent' then value end) as {{ measure }}_parent_mean,
            max(case when measure = '{{ measure }}_child' then value end) as {{ measure }}_child_mean,
            max(case when measure = '{{ measure }}_change' then value end) as {{ measure }}_change,
            max(case when measure = '{{ measure }}_change' then value_low end) as {{ measure }}_change_low,
            max(case when measure = '{{ measure }}_change' then value_high end) as {{ measure }}_change_high
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from estimates
    where not starts_with(measure, 'mutation_') and not starts_with(measure, 'n_languages_')
    group by relation

)

select * from final
