with estimates as (

    select * from {{ ref('int_ratio_estimates') }}
    where trait = 'card'

),

final as (

    select
        relation,
        {% for measure in ['has_card', 'n_characters', 'is_auto_generated'] %}
            {% for side, column, name in [
                ('parent', 'n_edges', 'edges'),
                ('parent', 'value', 'parent_mean'),
                ('child', 'value', 'child_mean'),
                ('change', 'value', 'change'),
                ('change', 'value_low', 'change_low'),
                ('change', 'value_high', 'change_high'),
            ] %}
                max(case when measure = '{{ measure }}' and side = '{{ side }}' then {{ column }} end)
                    as {{ measure }}_{{ name }}
                {%- if not (loop.last and measure == 'is_auto_generated') %},{% endif %}
            {% endfor %}
        {% endfor %}
    from estimates
    group by relation

)

select * from final
