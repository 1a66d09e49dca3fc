with closure as (

    select * from {{ ref('int_lineage_closure') }}

),

final as (

    select
        edge_set,
        ancestor_key as model_key,
        count(*) filter (where distance = 1) as n_children,
        count(*) as n_descendants
    from closure
    group by edge_set, ancestor_key

)

select * from final
