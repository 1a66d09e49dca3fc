with closure as (

    select * from {{ ref('int_lineage_closure') }}
    where edge_set = 'resolved'

),

cycle_ancestors as (

    select * from {{ ref('int_cycle_ancestors') }}

),

final as (

    -- Terms also pass the edges that are cut to break cycles, so the models below them have the ancestors that a walk
    -- over all edges finds.
    select
        ancestor_key,
        descendant_key,
        distance
    from cycle_ancestors
    union all
    select
        ancestor_key,
        descendant_key,
        distance
    from closure
    where descendant_key not in (select below_cuts.descendant_key from cycle_ancestors as below_cuts)

)

select * from final
