with source as (

    select * from {{ source('raw', 'hub_rejects') }}

),

renamed as (

    select
        ---- keys
        snapshot,
        source as source_name,
        position as source_position,
        content_hash,

        ---- text
        reason,
        record as record_bytes,

        ---- timestamps
        landed_at
    from source

)

select * from renamed
