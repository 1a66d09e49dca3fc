with source as (

    select * from {{ source('raw', 'hub_listings') }}

),

renamed as (

    select
        ---- keys
        snapshot,
        source as source_name,
        position as source_position,
        record_id,

        ---- timestamps
        landed_at
    from source

)

select * from renamed
