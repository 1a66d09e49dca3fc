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
        mean,
        low,
        high
    from pooled

)

select * from final
