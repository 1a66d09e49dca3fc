with edges as (

    select
        parent_key,
        child_key
    from {{ ref('int_paper_edges') }}
    where relation = 'finetune'

),

degrees as (

    select
        parent_key as model_key,
        cast(count(*) as {{ wide_integer() }}) as n_children
    from edges
    group by parent_key

),

with_parent as (

    select distinct child_key from edges

),

stars as (

    select
        {{ whole_quotient('coalesce(sum(n_children * (n_children - 1)), 0)', 2) }} as two_children,
        {{ whole_quotient('coalesce(sum(n_children * (n_children - 1) * (n_children - 2)), 0)', 6) }}
            as three_children
    from degrees

),

edge_degrees as (

    select
        parents.n_children as k_parent,
        coalesce(children.n_children, 0) as k_child,
        case when with_parent.child_key is null then 0 else 1 end as has_parent
    from edges
    inner join degrees as parents on edges.parent_key = parents.model_key
    left join degrees as children on edges.child_key = children.model_key
    left join with_parent on edges.parent_key = with_parent.child_key

),

paths as (

    select
        count(*) as edge,
        coalesce(sum(k_child), 0) as path_of_two,
        {{ whole_quotient('coalesce(sum(k_child * (k_child - 1)), 0)', 2) }} as two_grandchildren,
        coalesce(sum(k_child * (k_parent - 1)), 0) as uncle,
        coalesce(sum(has_parent * k_child), 0) as path_of_three
    from edge_degrees

),

models as (

    select cast(count(*) as {{ wide_integer() }}) as n_models from {{ ref('int_models_current') }}

),

final as (

    {% for shape, count in [
        ('two_models', 'models.n_models * (models.n_models - 1)'),
        ('edge', 'paths.edge'),
        ('two_children', 'stars.two_children'),
        ('path_of_two', 'paths.path_of_two'),
        ('three_children', 'stars.three_children'),
        ('two_grandchildren', 'paths.two_grandchildren'),
        ('uncle', 'paths.uncle'),
        ('path_of_three', 'paths.path_of_three'),
    ] %}
        select
            '{{ shape }}' as shape,
            cast({{ count }} as {{ wide_integer() }}) as n_occurrences
        from models
        cross join stars
        cross join paths
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
