with record_tags as {{ not_materialized() }} (

    select * from {{ ref('int_record_tags') }}
    {{ new_records_only() }}

),

final as (

    -- The sum of hashes does not depend on the order of the tags. A record has each tag once.
    select
        record_id,
        cast(sum(cast({{ row_hash(['tag_key']) }} % 1000000007 as bigint)) as bigint) as tags_hash
    from record_tags
    group by record_id

)

select * from final
