with source as (

    select * from {{ source('raw', 'configs') }}

),

renamed as (

    select
        ---- keys
        model_id,

        ---- text
        outcome,
        revision,
        content_hash,
        config,

        ---- timestamps
        fetched_at
    from source

)

select * from renamed
