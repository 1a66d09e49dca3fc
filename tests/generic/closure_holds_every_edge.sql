{# Every edge between models of the snapshot that is neither a self-loop nor cut is a pair at distance 1, and there
   are no other pairs at distance 1. Returns what is missing on either side. #}
{% test closure_holds_every_edge(model) %}

with edges as (

    select 'all' as edge_set, parent_id, child_id
    from {{ ref('lineage_edges') }}
    where parent_in_hub and not is_self_loop and not is_cut_all
    union
    select 'no_merge' as edge_set, parent_id, child_id
    from {{ ref('lineage_edges') }}
    where parent_in_hub and not is_self_loop and not is_cut_no_merge and relation <> 'merge'
    union
    select 'finetune' as edge_set, parent_id, child_id
    from {{ ref('lineage_edges') }}
    where parent_in_hub and not is_self_loop and not is_cut_finetune and relation = 'finetune'

),

steps as (

    select edge_set, ancestor_id as parent_id, descendant_id as child_id
    from {{ model }}
    where distance = 1

)

select * from (select * from edges except select * from steps)
union all
select * from (select * from steps except select * from edges)

{% endtest %}
