with depths as (

    select * from {{ ref('int_model_depths') }}

),

closure as (

    select * from {{ ref('int_lineage_closure') }}

),

root_distances as (

    select
        edge_set,
        model_key,
        model_key as root_key,
        0 as distance
    from depths
    where depth = 0
    union all
    select
        closure.edge_set,
        closure.descendant_key,
        closure.ancestor_key,
        closure.distance
    from closure
    inner join depths on closure.edge_set = depths.edge_set and closure.ancestor_key = depths.model_key
    where depths.depth = 0

),

ranked as (

    select
        edge_set,
        model_key,
        root_key,
        distance,
        count(*) over (partition by edge_set, model_key) as n_roots,
        row_number() over (partition by edge_set, model_key order by distance, root_key) as choice
    from root_distances

),

final as (

    -- The nearest root, the oldest of several as near.
    select
        edge_set,
        model_key,
        root_key,
        n_roots,
        distance as generation
    from ranked
    where choice = 1

)

select * from final
