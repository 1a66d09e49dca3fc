{{ config(materialized='incremental', incremental_strategy='append') }}

with records as {{ not_materialized() }} (

    select * from {{ ref('int_record_tag_lists') }}
    {{ unread_records('last_record_id') }}

),

exploded as (

    select {{ explode('tags') }} as tag
    from records

),

new_tags as (

    select distinct tag from exploded
    where tag is not null
    {% if is_incremental() %}
        except
        select seen.tag from {{ this }} as seen
    {% endif %}

),

final as (

    -- Millions of records use few words: they are numbered once, and records hold the numbers.
    select
        cast(
            row_number() over (order by tag)
            {% if is_incremental() %}
                + (select coalesce(max(seen.tag_key), 0) from {{ this }} as seen)
            {% endif %}
            as integer
        ) as tag_key,
        tag,
        (select max(records.record_id) from records) as last_record_id
    from new_tags

)

select * from final
