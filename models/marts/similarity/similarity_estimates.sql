with intervals as (

    select * from {{ ref('int_similarity_intervals') }}

),

final as (

    select
        ---- keys
        artifact,
        measure,
        shape,
        pair,

        ---- relationship of the pair
        relation,
        generation_gap,
        distance,

        ---- similarity
        n,
        n_missing,
        n_distinct_pairs,
        mean,
        sd,
        design_effect,
        low as mean_low,
        high as mean_high,
        n_families_effective,
        share_of_largest_family,
        interval_method
    from intervals

)

select * from final
