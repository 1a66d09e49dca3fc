with intervals as (

    select * from {{ ref('int_merge_similarity_intervals') }}

),

final as (

    select
        ---- keys
        artifact,
        measure,
        pair_kind,

        ---- sample
        n,
        n_missing,
        n_distinct_pairs,
        n_distinct_children,
        interval_method = 'too_few_pairs' as has_few_pairs,

        ---- similarity
        mean,
        sd,
        design_effect,
        low,
        high,
        n_families_effective,
        share_of_largest_family,
        interval_method
    from intervals

)

select * from final
