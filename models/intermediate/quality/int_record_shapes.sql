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
    {% if is_incremental() %}
        where record_id > (select coalesce(max(seen.record_id), 0) from {{ this }} as seen)
    {% endif %}

)

select * from final
