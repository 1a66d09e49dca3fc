with estimates as (

    select * from {{ ref('int_ratio_estimates') }}
    where trait = 'card'

),

ours as (

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
                ('change', 'n_families_effective', 'n_families_effective'),
                ('change', 'share_of_largest_family', 'share_of_largest_family'),
                ('change', 'interval_method', 'interval_method'),
            ] %}
                max(case when measure = '{{ measure }}' and side = '{{ side }}' then {{ column }} end)
                    as {{ measure }}_{{ name }}
                {%- if not (loop.last and measure == 'is_auto_generated') %},{% endif %}
            {% endfor %}
        {% endfor %}
    from estimates
    group by relation

),

paper as (

    select
        relation,
        {% for measure in ['has_card', 'n_characters', 'is_auto_generated'] %}
            max(case when measure = '{{ measure }}' then n_edges end) as {{ measure }}_edges_paper,
            max(case when measure = '{{ measure }}' then parent_mean end) as {{ measure }}_parent_mean_paper,
            max(case when measure = '{{ measure }}' then child_mean end) as {{ measure }}_child_mean_paper,
            max(case when measure = '{{ measure }}' then child_mean - parent_mean end) as {{ measure }}_change_paper
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('int_paper_card_ratios') }}
    group by relation

),

final as (

    select
        coalesce(ours.relation, paper.relation) as relation,
        {% for measure in ['has_card', 'n_characters', 'is_auto_generated'] %}
            {% for column in [
                'edges', 'parent_mean', 'child_mean', 'change', 'change_low', 'change_high', 'n_families_effective',
                'share_of_largest_family', 'interval_method',
            ] %}
                ours.{{ measure }}_{{ column }},
            {% endfor %}
            {% for column in ['edges', 'parent_mean', 'child_mean', 'change'] %}
                paper.{{ measure }}_{{ column }}_paper
                {%- if not (loop.last and measure == 'is_auto_generated') %},{% endif %}
            {% endfor %}
        {% endfor %}
    from ours
    full outer join paper on ours.relation = paper.relation

)

select * from final
