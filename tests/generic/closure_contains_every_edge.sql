{# The pairs of the closure at distance 1 must be exactly the edges between models of the snapshot that are neither
   self-loops nor cut. Returns the edges that are missing on either side. Compares keys, since comparing ids is
   expensive. #}
{% test closure_contains_every_edge(model) %}

with edges as (

    select parent_key, child_key, relation
    from {{ ref('int_lineage_edges') }}
    where parent_in_hub and not is_self_loop

),

edge_sets as (

    select 'all' as edge_set, parent_key, child_key
    from edges
    union
    select 'no_merge' as edge_set, parent_key, child_key
    from edges
    where relation <> 'merge'
    union
    select 'finetune' as edge_set, parent_key, child_key
    from edges
    where relation = 'finetune'
    union
    select 'resolved' as edge_set, parent_key, child_key
    from {{ ref('int_resolved_edges') }}

),

balance as (

    select edge_set, parent_key, child_key, 1 as n
    from edge_sets
    union all
    select edge_set, parent_key, child_key, -1 as n
    from {{ ref('int_cycle_edges') }}
    where is_cut
    union all
    select edge_set, ancestor_key, descendant_key, -1 as n
    from {{ model }}
    where distance = 1

)

select edge_set, parent_key, child_key, sum(n) as n_missing
from balance
group by edge_set, parent_key, child_key
having sum(n) <> 0

{% endtest %}
