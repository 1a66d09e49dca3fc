with cycle_edges as (

    select
        parent_key,
        child_key,
        bool_or(edge_set = 'all') as in_cycle,
        bool_or(edge_set = 'all' and is_cut) as is_cut_all,
        bool_or(edge_set = 'no_merge' and is_cut) as is_cut_no_merge,
        bool_or(edge_set = 'finetune' and is_cut) as is_cut_finetune
    from {{ ref('int_cycle_edges') }}
    group by parent_key, child_key

),

final as (

    select
        ---- keys
        edges.parent_id,
        children.model_id as child_id,
        edges.relation,

        ---- flags
        edges.parent_in_hub,
        edges.is_self_loop,
        coalesce(cycle_edges.in_cycle, false) as in_cycle,
        edges.is_paper_edge,
        coalesce(cycle_edges.is_cut_all, false) as is_cut_all,
        coalesce(edges.relation <> 'merge' and cycle_edges.is_cut_no_merge, false) as is_cut_no_merge,
        coalesce(edges.relation = 'finetune' and cycle_edges.is_cut_finetune, false) as is_cut_finetune
    from {{ ref('int_lineage_edges') }} as edges
    inner join {{ ref('int_models_current') }} as children on edges.child_key = children.model_key
    left join cycle_edges
        on edges.parent_key = cycle_edges.parent_key and edges.child_key = cycle_edges.child_key

)

select * from final
