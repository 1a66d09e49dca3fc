with source as (

    select * from {{ source('raw', 'cards') }}

),

renamed as (

    select
        ---- keys
        card_id,
        model_id,
        source as source_name,

        ---- text
        outcome,
        etag,
        revision,
        content_hash,
        card,
        card_bytes,

        ---- numbers
        n_bytes,

        ---- timestamps
        fetched_at
    from source

)

select * from renamed
