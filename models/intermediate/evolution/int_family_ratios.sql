with traits as (

    select * from {{ ref('int_family_trait_ratios') }}

),

cards as (

    select * from {{ ref('int_family_card_ratios') }}

),

final as (

    select
        measure,
        trait,
        side,
        relation,
        family_key,
        cast(numerator as double) as numerator,
        cast(denominator as bigint) as denominator
    from traits
    union all
    select
        measure,
        trait,
        side,
        relation,
        family_key,
        numerator,
        denominator
    from cards

)

select * from final
