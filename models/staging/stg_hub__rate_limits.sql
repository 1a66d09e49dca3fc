with source as (

    select * from {{ source('raw', 'rate_limits') }}

),

renamed as (

    select
        ---- keys
        kind,

        ---- numbers
        requests as n_requests,
        seconds as n_seconds,

        ---- timestamps
        seen_at
    from source

)

select * from renamed
