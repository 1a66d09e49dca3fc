with edges as (

    select * from {{ ref('int_evolution_edges') }}

),

trait_overlaps as (

    select * from {{ ref('int_pair_trait_overlaps') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    -- The relation `all` is left out: a sum over relations would count its pairs twice.
    select
        parents.model_id as parent_id,
        children.model_id as child_id,
        edges.relation,
        trait_overlaps.trait,
        children.created_at,
        1 - trait_overlaps.n_shared / cast(trait_overlaps.n_union as double) as mutation,
        trait_overlaps.n_shared < trait_overlaps.n_union as is_changed
    from trait_overlaps
    inner join edges
        on trait_overlaps.parent_key = edges.parent_key and trait_overlaps.child_key = edges.child_key
    inner join models as parents on trait_overlaps.parent_key = parents.model_key
    inner join models as children on trait_overlaps.child_key = children.model_key
    where edges.relation <> 'all' and trait_overlaps.n_union is not null

)

select * from final
