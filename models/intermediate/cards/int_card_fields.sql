with checks as (

    select * from {{ ref('stg_hub__cards') }}
    {{ new_records_only('card_id', key='card_id') }}

),

front_matters as (

    select
        card_id,
        {{ front_matter('card') }} as front_matter
    from checks
    where card is not null

),

final as (

    select
        card_id,
        {{ front_matter_list('front_matter', 'base_model') }} as parents,
        {{ front_matter_text('front_matter', 'base_model_relation') }} as relation,
        {{ front_matter_list('front_matter', 'license') }} as licenses,
        {{ front_matter_text('front_matter', 'license_name') }} as license_name,
        {{ front_matter_text('front_matter', 'license_link') }} as license_link
    from front_matters

)

select * from final
