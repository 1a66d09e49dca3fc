with edges as (

    select * from {{ ref('int_similarity_edges') }}

),

degrees as (

    select * from {{ ref('int_similarity_degrees') }}

),

models as (

    select cast(count(*) as {{ wide_integer() }}) as n_models from {{ ref('int_models_current') }}

),

stars as (

    select
        {{ whole_quotient('coalesce(sum(n_children * (n_children - 1)), 0)', 2) }} as two_children,
        {{ whole_quotient('coalesce(sum(n_children * (n_children - 1) * (n_children - 2)), 0)', 6) }}
            as three_children
    from degrees

),

paths as (

    select
        count(*) as edges,
        coalesce(sum(children.n_children), 0) as path_of_two,
        {{ whole_quotient('coalesce(sum(children.n_children * (children.n_children - 1)), 0)', 2) }}
            as two_grandchildren,
        coalesce(sum(children.n_children * (parents.n_children - 1)), 0) as child_with_sibling,
        coalesce(sum(parents.n_parents * children.n_children), 0) as path_of_three
    from edges
    inner join degrees as parents on edges.parent_key = parents.model_key
    inner join degrees as children on edges.child_key = children.model_key

),

triangles as (

    -- u > v > w together with u > w: w would be its own uncle, so these are no occurrences of `uncle`.
    select count(*) as n_triangles
    from edges
    inner join edges as next_edges on edges.child_key = next_edges.parent_key
    inner join edges as shortcuts
        on edges.parent_key = shortcuts.parent_key and next_edges.child_key = shortcuts.child_key

),

totals as (

    select
        models.*,
        stars.*,
        paths.*,
        triangles.*
    from models
    cross join stars
    cross join paths
    cross join triangles

),

counted as (

    {% for shape, title, shape_edges, count in [
        ('two_models', 'any two models', '', 'n_models * (n_models - 1)'),
        ('edge', 'one edge', 'u>v', 'edges'),
        ('two_children', 'two children', 'u>v u>w', 'two_children'),
        ('path_of_two', 'chain of three', 'u>v v>w', 'path_of_two'),
        ('three_children', 'three children', 'u>v u>w u>x', 'three_children'),
        ('two_grandchildren', 'two grandchildren', 'u>v v>w v>x', 'two_grandchildren'),
        ('uncle', 'uncle and nephew', 'u>v u>x v>w', 'child_with_sibling - n_triangles'),
        ('path_of_three', 'chain of four', 't>u u>v v>w', 'path_of_three'),
    ] %}
        select
            {{ loop.index }} as shape_number,
            '{{ shape }}' as shape,
            '{{ title }}' as title,
            '{{ shape_edges }}' as edges,
            cast({{ count }} as {{ wide_integer() }}) as n_occurrences
        from totals
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    select
        counted.*,
        paper.n_occurrences as n_occurrences_paper
    from counted
    inner join {{ ref('int_paper_occurrences') }} as paper on counted.shape = paper.shape

)

select * from final
