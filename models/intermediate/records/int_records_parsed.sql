{{ config(materialized='incremental', incremental_strategy='append') }}

with contents as (

    select * from {{ ref('stg_hub__contents') }}

),

final as (

    -- Parsing is dear, and what a text says never changes: only what has landed since is parsed.
    select * exclude (content_hash, record) from contents
    {{ unread_records() }}

)

select * from final
