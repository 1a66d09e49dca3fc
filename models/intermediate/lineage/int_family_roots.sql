with relatives as (

    select * from {{ ref('int_model_relatives') }}

),

ranked as (

    -- A family is named after its root with the most descendants; ties go to the oldest.
    select
        edge_set,
        family_key,
        model_key as main_root_key,
        count(*) over (partition by edge_set, family_key) as n_roots,
        row_number() over (partition by edge_set, family_key order by n_descendants desc, model_key asc) as root_rank
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
    where root_rank = 1

)

select * from final
