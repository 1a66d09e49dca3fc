-- Reproduces the study's counts: models, edges per relation, children with children, depth and linked papers.
-- `published` is the study's figure.
with edges as (

    select
        'edges_' || relation as figure,
        n_edges_paper as ours
    from {{ ref('relation_stats') }}
    union all
    select
        'children_with_children_' || relation as figure,
        n_children_with_children as ours
    from {{ ref('relation_stats') }}

),

totals as (

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
        'depth_max' as figure,
        max(depth) as ours
    from {{ ref('families') }}
    where edge_set = 'finetune'
    union all
    select
        'papers' as figure,
        count(distinct arxiv_id) as ours
    from {{ ref('model_papers') }}

),

figures as (

    select * from edges
    union all
    select * from totals

)

select
    published.figure,
    figures.ours,
    published.published,
    published.unit
from {{ ref('published_figures') }} as published
inner join figures on published.figure = figures.figure
order by published.figure
