with relatives as (

    select * from {{ ref('int_model_relatives') }}

),

ranked as (

    -- A family is called after the root with the most descendants; of several, the oldest.
    select
        edge_set,
        family_key,
        model_key as main_root_key,
        count(*) over (partition by edge_set, family_key) as n_roots,
        row_number() over (partition by edge_set, family_key order by n_descendants desc, model_key asc) as choice
    from relatives
    where n_parents = 0

),

final as (

    select
        edge_set,
        family_key,
        main_root_key,
        n_roots
    from ranked
    where choice = 1

)

select * from final
