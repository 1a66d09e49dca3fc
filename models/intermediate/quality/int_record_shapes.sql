with records as (

    select * from {{ ref('stg_hub__records') }}

),

final as (

    -- Computing a shape is expensive and a record never changes, so each record is processed once.
    select
        record_id,
        md5({{ record_shape('record') }}) as shape_hash
    from records
    {{ new_records_only() }}

)

select * from final
