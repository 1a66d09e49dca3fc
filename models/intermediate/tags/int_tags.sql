with records as {{ not_materialized() }} (

    select * from {{ ref('int_record_tag_lists') }}
    {{ new_records_only('last_record_id') }}

),

exploded as (

    select {{ explode('tags') }} as tag from records

),

new_tags as (

    select distinct tag from exploded
    where tag is not null
    {% if is_incremental() %}
        except
        select existing.tag from {{ this }} as existing
    {% endif %}

),

final as (

    -- Millions of records share few distinct tags, so records refer to tags by integer key.
    select
        cast(
            row_number() over (order by tag)
            {% if is_incremental() %}
                + (select coalesce(max(existing.tag_key), 0) from {{ this }} as existing)
            {% endif %}
            as integer
        ) as tag_key,
        tag,
        (select max(records.record_id) from records) as last_record_id
    from new_tags

)

select * from final
