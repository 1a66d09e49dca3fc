with edges as (

    select * from {{ ref('int_lineage_edges') }}

),

usable as (

    select
        parent_key,
        child_key,
        relation
    from edges
    where parent_in_hub and not is_self_loop

),

final as (

    select
        'all' as edge_set,
        parent_key,
        child_key
    from usable
    union
    select
        'no_merge' as edge_set,
        parent_key,
        child_key
    from usable
    where relation <> 'merge'
    union
    select
        'finetune' as edge_set,
        parent_key,
        child_key
    from usable
    where relation = 'finetune'
    union all
    -- Declared parents of tags and cards, however their names are written.
    select
        'resolved' as edge_set,
        parent_key,
        child_key
    from {{ ref('int_resolved_edges') }}

)

select * from final
