{{ config(materialized='incremental', incremental_strategy='append') }}

with records as (

    select * from {{ ref('stg_hub__record_tags') }}
    {{ unread_records('last_record_id') }}

),

-- On its own: of texts that two read, all lists of tags would be laid aside in between.
contents as (

    select record_id from {{ ref('stg_hub__contents') }}
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
        (select max(contents.record_id) from contents) as last_record_id
    from new_tags

)

select * from final
