{{ config(materialized='incremental', incremental_strategy='append') }}

with records as (

    select * from {{ ref('stg_hub__records') }}

),

final as (

    -- To read a shape is dear, and the same for a text in whatever snapshot it stands.
    select
        record_id,
        md5({{ record_shape('record') }}) as shape_hash
    from records
    {{ unread_records() }}

)

select * from final
