with pooled as (

    select * from {{ ref('int_similarity_pooled') }}

),

final as (

    select
        ---- keys
        artifact,
        measure,
        generation_gap,
        distance,

        ---- similarity
        n_shapes,
        n,
        n_missing,
        n_distinct_pairs,
        mean,
        design_effect,
        low,
        high,
        n_families_effective,
        share_of_largest_family,
        interval_method
    from pooled

)

select * from final
