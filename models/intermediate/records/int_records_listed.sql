with listings as (

    select * from {{ ref('stg_hub__listings') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}

),

final as (

    select
        listings.snapshot,
        listings.source_name,
        listings.source_position,
        records.*
    from listings
    inner join records on listings.record_id = records.record_id

)

select * from final
