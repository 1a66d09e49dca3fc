{%- set kinds = ['presence', 'type', 'value', 'tag', 'total'] -%}
with final as (

    {% for kind in kinds %}
        select * from {{ ref('int_' ~ kind ~ '_findings') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
