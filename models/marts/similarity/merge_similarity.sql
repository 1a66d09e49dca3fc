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
        n_distinct_children < 30 as has_few_pairs,

        ---- similarity
        mean,
        sd,
        low,
        high
    from intervals

)

select * from final
