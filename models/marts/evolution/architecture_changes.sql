with pairs as (

    select * from {{ ref('int_architecture_pairs') }}

),

by_family as (

    select
        relation,
        number,
        family_key,
        count(*) as n_edges,
        count(case when is_changed then 1 end) as n_edges_changed,
        count(case when child_value > parent_value then 1 end) as n_edges_increased
    from pairs
    group by relation, number, family_key

),

final as (

    select
        relation,
        number,
        cast(sum(n_edges) as bigint) as n_edges,
        cast(sum(n_edges_changed) as bigint) as n_edges_changed,
        cast(sum(n_edges_increased) as bigint) as n_edges_increased,
        sum(n_edges_changed) / cast(sum(n_edges) as double) as share_of_edges_changed,
        -- Edges of one family are not independent: n equal families count as n, one large family as little more than 1.
        power(cast(sum(n_edges) as double), 2) / sum(power(cast(n_edges as double), 2)) as n_families_effective
    from by_family
    group by relation, number

)

select * from final
