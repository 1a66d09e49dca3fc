with trait_overlaps as (

    select * from {{ ref('int_edge_trait_overlaps') }}

),

final as (

    {{ family_trait_ratios('trait_overlaps') }}

)

select * from final
