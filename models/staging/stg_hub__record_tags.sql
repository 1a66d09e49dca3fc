with source as (

    select * from {{ source('raw', 'hub_records') }}

),

final as (

    select
        record_id,
        {{ record_tags('record') }} as tags
    from source

)

select * from final
