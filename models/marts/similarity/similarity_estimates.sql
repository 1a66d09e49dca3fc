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
        mean,
        sd,
        low as mean_low,
        high as mean_high
    from intervals

)

select * from final
