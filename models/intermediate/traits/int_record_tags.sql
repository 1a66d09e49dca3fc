{{ config(materialized='incremental', incremental_strategy='append') }}

with records as (

    select * from {{ ref('int_records_parsed') }}
    {{ unread_records() }}

),

tags as (

    select * from {{ ref('int_tags') }}

),

exploded as (

    select
        record_id,
        task,
        library,
        card_languages,
        {{ explode_distinct('tags') }} as tag
    from records

),

final as (

    select
        exploded.record_id,
        tags.tag_key,
        coalesce(exploded.tag = exploded.task, false) as is_own_task,
        coalesce(exploded.tag = exploded.library, false) as is_own_library,
        {{ list_has('exploded.card_languages', 'lower(exploded.tag)') }} as is_declared_language,
        exploded.card_languages is not null as declares_languages
    from exploded
    inner join tags on exploded.tag = tags.tag

)

select * from final
