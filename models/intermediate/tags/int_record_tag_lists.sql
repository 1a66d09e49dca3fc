{{ config(materialized='view') }}

with records as (

    select * from {{ ref('stg_hub__records') }}

),

final as (

    -- Parses the tags alone, which costs half of what parsing every field does.
    select
        record_id,
        {{ record_tags('record') }} as tags
    from records

)

select * from final
