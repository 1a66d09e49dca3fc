-- Reproduces the study's counts: models, edges per relation, children with children, occurrences of shapes, depth and
-- linked papers.
-- `ours` follows the study's definition of the figure, and `published` is the study's value, one row per source.
with figures as (

    select
        'models' as figure,
        count(*) as ours
    from {{ ref('models') }}
    union all
    select
        'edges' as figure,
        count(*) as ours
    from {{ ref('lineage_edges') }}
    where is_paper_edge
    union all
    select
        'edges_' || relation as figure,
        n_edges_paper as ours
    from {{ ref('relation_stats') }}
    union all
    select
        'children_with_children_' || relation as figure,
        n_children_with_children_paper as ours
    from {{ ref('relation_stats') }}
    union all
    select
        'occurrences_' || shape as figure,
        n_occurrences_paper as ours
    from {{ ref('subgraph_occurrences') }}
    union all
    select
        'depth_max' as figure,
        max(depth) as ours
    from {{ ref('families') }}
    where edge_set = 'finetune'
    union all
    select
        'papers' as figure,
        count(*) as ours
    from {{ ref('trait_distribution') }}
    where trait = 'paper' and n_models_paper > 0

)

{{ beside_published('figures') }}
