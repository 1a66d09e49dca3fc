with records as (

    select * from {{ ref('stg_hub__records') }}

),

final as (

    -- Extracting only the tags is cheaper than parsing every field.
    select
        record_id,
        {{ record_tags('record') }} as tags
    from records

)

select * from final
