{{ with_recursive() }} licenses as ( -- noqa: PRS, sqlfluff cannot parse `using key`

    select model_key from {{ ref('int_model_licenses') }}

),

unlicensed as (

    select distinct edges.parent_key as model_key
    from {{ ref('int_resolved_edges') }} as edges
    left join licenses on edges.parent_key = licenses.model_key
    where licenses.model_key is null

),

models as {{ not_materialized() }} (

    select * from {{ ref('int_models_current') }}

),

edges_above as (

    select
        edges.*,
        parents.model_id as parent_id
    from {{ ref('int_resolved_edges') }} as edges
    inner join unlicensed on edges.child_key = unlicensed.model_key
    inner join models as parents on edges.parent_key = parents.model_key

),

starts as (

    -- A path of one edge needs no walk, so only edges below an unlicensed model with parents start one.
    select
        edges.*,
        parents.model_id as parent_id,
        children.model_id as child_id
    from {{ ref('int_resolved_edges') }} as edges
    inner join (select distinct child_key from edges_above) as passed on edges.parent_key = passed.child_key
    inner join models as parents on edges.parent_key = parents.model_key
    inner join models as children on edges.child_key = children.model_key

),

{{ nearest_ancestors('starts', 'edges_above', 'unlicensed') }},

final as (

    select
        nearest_ancestors.descendant_key as model_key,
        nearest_ancestors.ancestor_key,
        nearest_ancestors.distance,
        nearest_ancestors.path,
        nearest_ancestors.relations
    from nearest_ancestors
    inner join licenses on nearest_ancestors.ancestor_key = licenses.model_key
    left join {{ ref('int_resolved_edges') }} as direct
        on
            nearest_ancestors.ancestor_key = direct.parent_key
            and nearest_ancestors.descendant_key = direct.child_key
    where direct.parent_key is null and nearest_ancestors.ancestor_key <> nearest_ancestors.descendant_key

)

select * from final
