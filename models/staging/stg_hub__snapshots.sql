with source as (

    select * from {{ source('raw', 'snapshots') }}

),

renamed as (

    select
        snapshot,

        ---- timestamps
        started_at,
        completed_at
    from source

)

select * from renamed
