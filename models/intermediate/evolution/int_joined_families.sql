{{ with_recursive() }} previous_edges as ( -- noqa: PRS, sqlfluff cannot parse `using key`

    select * from {{ ref('int_previous_edges') }}
    where relation not in ('all', 'merge') and not is_unchanged

),

families as (

    select * from {{ ref('int_model_families') }}
    where edge_set = 'no_merge'

),

previous_links as (

    select distinct
        'no_merge' as edge_set,
        coalesce(parents.family_key, previous_edges.parent_key) as parent_key,
        coalesce(children.family_key, previous_edges.child_key) as child_key
    from previous_edges
    left join families as parents on previous_edges.parent_key = parents.model_key
    left join families as children on previous_edges.child_key = children.model_key

),

links as (

    select * from previous_links
    where parent_key <> child_key

),

{{ connected_components('links') }},

final as (

    select
        model_key as family_key,
        family_key as joined_family_key
    from connected_components

)

select * from final
