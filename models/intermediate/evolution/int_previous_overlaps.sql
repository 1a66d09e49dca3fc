with pairs as (

    select * from {{ ref('int_previous_edges') }}
    where relation = 'all'

),

traits as (

    select * from {{ ref('int_record_traits') }}
    where is_counted and trait in ({{ string_literals(var('evolving_traits')) }})

),

current_overlaps as (

    select * from {{ ref('int_pair_trait_overlaps') }}
    where n_union is not null

),

pair_records as (

    select
        parent_key,
        child_key,
        parent_record_id as record_id,
        true as is_parent
    from pairs
    where not is_unchanged
    union all
    select
        parent_key,
        child_key,
        child_record_id as record_id,
        false as is_parent
    from pairs
    where not is_unchanged

),

pair_values as (

    select
        pair_records.parent_key,
        pair_records.child_key,
        traits.trait,
        traits.trait_value,
        bool_or(pair_records.is_parent) as in_parent,
        bool_or(not pair_records.is_parent) as in_child
    from pair_records
    inner join traits on pair_records.record_id = traits.record_id
    group by pair_records.parent_key, pair_records.child_key, traits.trait, traits.trait_value

),

counted as (

    select
        parent_key,
        child_key,
        trait,
        count(*) filter (where in_parent) as n_parent,
        count(*) filter (where in_child) as n_child,
        count(*) filter (where in_parent and in_child) as n_shared,
        count(*) as n_union
    from pair_values
    group by parent_key, child_key, trait

),

final as (

    select * from counted
    where n_parent > 0 and n_child > 0
    union all
    -- Two records that are still the current ones overlap as they do now.
    select
        current_overlaps.parent_key,
        current_overlaps.child_key,
        current_overlaps.trait,
        current_overlaps.n_parent,
        current_overlaps.n_child,
        current_overlaps.n_shared,
        current_overlaps.n_union
    from current_overlaps
    inner join pairs
        on current_overlaps.parent_key = pairs.parent_key and current_overlaps.child_key = pairs.child_key
    where pairs.is_unchanged

)

select * from final
