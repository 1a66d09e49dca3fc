with edges as (

    select * from {{ ref('int_paper_edges') }}

),

parents as (

    select distinct parent_key from edges
    where relation <> 'merge'

),

final as (

    -- The study counts edges, in its graph without merges: a child of two parents counts twice.
    select
        edges.relation,
        count(*) as n_edges,
        count(parents.parent_key) filter (where edges.relation <> 'merge') as n_children_with_children
    from edges
    left join parents on edges.child_key = parents.parent_key
    group by edges.relation

)

select * from final
