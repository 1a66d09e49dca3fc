with samples as (

    select * from {{ ref('int_similarity_samples') }}

),

families as (

    select * from {{ ref('int_model_families') }}
    where edge_set = 'no_merge'

),

final as (

    -- The families of the intervals of mutation rates. A model without relatives is a family of its own.
    select
        samples.*,
        coalesce(first_families.family_key, samples.first_key) as first_family_key,
        coalesce(second_families.family_key, samples.second_key) as second_family_key
    from samples
    left join families as first_families on samples.first_key = first_families.model_key
    left join families as second_families on samples.second_key = second_families.model_key

)

select * from final
