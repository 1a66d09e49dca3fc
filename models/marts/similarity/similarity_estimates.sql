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

        ---- how the two are related
        relation,
        generation_gap,
        distance,

        ---- how alike they are
        n,
        n_missing,
        mean,
        sd,
        low as mean_low,
        high as mean_high
    from intervals

)

select * from final
