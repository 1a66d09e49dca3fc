with source as (

    select * from {{ source('raw', 'hub_models') }}

),

renamed as (

    select
        ---- keys
        snapshot,
        source as source_name,
        position as source_position,
        record_id,

        record,
        content_hash,
        landed_at
    from source

)

select * from renamed
