{{ config(materialized='incremental', incremental_strategy='append') }}

with contents as (

    select * from {{ ref('stg_hub__contents') }}

),

final as (

    -- To read a shape is dear, and the same for a text in whatever snapshot it stands.
    select
        record_id,
        md5({{ record_shape('record') }}) as shape_hash
    from contents
    {{ unread_records() }}

)

select * from final
