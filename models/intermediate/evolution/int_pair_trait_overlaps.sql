with pair_values as (

    select * from {{ ref('int_pair_trait_values') }}

),

counts as (

    select
        parent_key,
        child_key,
        trait,
        count(*) filter (where in_parent) as n_parent,
        count(*) filter (where in_child) as n_child,
        count(*) filter (where in_parent and in_child) as n_shared,
        count(*) filter (where in_parent_paper) as n_parent_paper,
        count(*) filter (where in_child_paper) as n_child_paper,
        count(*) filter (where in_parent_paper and in_child_paper) as n_shared_paper
    from pair_values
    group by parent_key, child_key, trait

),

final as (

    -- The columns of each count (ours, the study's) are null unless both models have the trait by that count.
    select
        parent_key,
        child_key,
        trait,
        case when n_parent > 0 and n_child > 0 then n_parent end as n_parent,
        case when n_parent > 0 and n_child > 0 then n_child end as n_child,
        case when n_parent > 0 and n_child > 0 then n_shared end as n_shared,
        case when n_parent > 0 and n_child > 0 then n_parent + n_child - n_shared end as n_union,
        case when n_parent_paper > 0 and n_child_paper > 0 then n_parent_paper end as n_parent_paper,
        case when n_parent_paper > 0 and n_child_paper > 0 then n_child_paper end as n_child_paper,
        case when n_parent_paper > 0 and n_child_paper > 0 then n_shared_paper end as n_shared_paper,
        case
            when n_parent_paper > 0 and n_child_paper > 0 then n_parent_paper + n_child_paper - n_shared_paper
        end as n_union_paper
    from counts
    where (n_parent > 0 and n_child > 0) or (n_parent_paper > 0 and n_child_paper > 0)

)

select * from final
