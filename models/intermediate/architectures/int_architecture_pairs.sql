with edges as (

    select * from {{ ref('int_evolution_edges') }}

),

architectures as (

    select * from {{ ref('int_model_architectures') }}

),

final as (

    {% for number in architecture_numbers() %}
        select
            edges.relation,
            edges.parent_key,
            edges.child_key,
            edges.family_key,
            '{{ number }}' as number,
            parents.{{ number }} as parent_value,
            children.{{ number }} as child_value,
            parents.{{ number }} <> children.{{ number }} as is_changed
        from edges
        inner join architectures as parents on edges.parent_key = parents.model_key
        inner join architectures as children on edges.child_key = children.model_key
        where parents.{{ number }} is not null and children.{{ number }} is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
