with final as (

    select
        ---- keys
        artifact,
        measure,
        relation,
        relation_compared,
        shape,

        ---- difference of the means
        n,
        n_distinct_pairs,
        mean as difference,
        low as difference_low,
        high as difference_high,
        n_families_effective,
        share_of_largest_family,
        interval_method
    from {{ ref('int_similarity_differences') }}

)

select * from final
