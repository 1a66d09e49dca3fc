with samples as (

    select * from {{ ref('int_merge_similarity_samples') }}

),

families as (

    select * from {{ ref('int_model_families') }}
    where edge_set = 'no_merge'

),

with_parents as (

    -- The two parents drawn with a merge. Its nearest and farthest parent can be others, if it has more than two.
    select
        samples.*,
        coalesce(parents.first_key, samples.first_key) as parent_key,
        coalesce(parents.second_key, samples.first_key) as other_parent_key
    from samples
    left join samples as parents
        on
            samples.draw = parents.draw
            and parents.pair_kind = 'parents_of_merge'
            and samples.pair_kind <> 'finetune_child_parent'

),

final as (

    select
        with_parents.*,
        coalesce(child_families.family_key, with_parents.child_key) as child_family_key,
        coalesce(parent_families.family_key, with_parents.parent_key) as parent_family_key,
        coalesce(other_families.family_key, with_parents.other_parent_key) as other_parent_family_key
    from with_parents
    left join families as child_families on with_parents.child_key = child_families.model_key
    left join families as parent_families on with_parents.parent_key = parent_families.model_key
    left join families as other_families on with_parents.other_parent_key = other_families.model_key

)

select * from final
