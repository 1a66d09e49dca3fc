with edges as (

    select * from {{ ref('int_lineage_edges') }}
    where is_paper_edge

),

relations as (

    select * from {{ ref('relations') }}

),

final as (

    select
        edges.parent_key,
        edges.child_key,
        case
            when edges.is_as_written and relations.paper_rank is not null then edges.relation
            else 'unspecified'
        end as relation
    from edges
    left join relations on edges.relation = relations.relation

)

select * from final
