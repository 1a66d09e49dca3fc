with edges as (

    select * from {{ ref('int_lineage_edges') }}

),

families as (

    select * from {{ ref('int_model_families') }}
    where edge_set = 'no_merge'

),

usable as (

    select
        parent_key,
        child_key,
        relation
    from edges
    where parent_in_hub and not is_self_loop

),

by_relation as (

    select
        parent_key,
        child_key,
        relation
    from usable
    union all
    -- A pair counts once in `all`, even if it has several relations.
    select
        parent_key,
        child_key,
        'all' as relation
    from usable
    group by parent_key, child_key

),

final as (

    -- Edges of one family are not independent, so intervals resample families. Merges would join most of the Hub into
    -- one family, so these are families without merges.
    select
        by_relation.relation,
        by_relation.parent_key,
        by_relation.child_key,
        coalesce(families.family_key, by_relation.parent_key) as family_key
    from by_relation
    left join families on by_relation.parent_key = families.model_key

)

select * from final
