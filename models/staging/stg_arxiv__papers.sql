with source as (

    select * from {{ source('raw', 'arxiv_papers') }}

),

renamed as (

    select
        ---- keys
        arxiv_id,
        source as source_name,

        ---- text
        outcome,
        title,
        abstract,
        categories,

        ---- timestamps
        fetched_at
    from source

)

select * from renamed
