with source as (

    select * from {{ source('raw', 'snapshots') }}

),

renamed as (

    select
        ---- keys
        snapshot,

        ---- text
        taken_from,
        scope,
        series,

        ---- numbers
        hub_size,

        ---- timestamps
        started_at,
        completed_at,
        coalesce(taken_at, completed_at) as taken_at
    from source

)

select * from renamed
