with licenses as (

    select * from {{ ref('licenses') }}

),

final as (

    select
        'ours' as taxonomy,
        license,
        category
    from licenses
    union all
    select
        'study' as taxonomy,
        license,
        study_category as category
    from licenses
    where study_category is not null
    union all
    select
        'creative-commons' as taxonomy,
        license,
        creative_commons as category
    from licenses
    where creative_commons is not null

)

select * from final
