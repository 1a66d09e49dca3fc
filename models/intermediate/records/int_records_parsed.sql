{{ config(materialized='incremental', incremental_strategy='append') }}

with records as (

    select * from {{ ref('stg_hub__records') }}

),

final as (

    -- Parsing is dear, and what a text says never changes: only what has landed since is parsed. Of what can be told
    -- from the rest (most authors) or is asked once only (tags, the Hub's own number) the answer alone is kept.
    select
        {{ all_but(ref('stg_hub__records'), ['content_hash', 'record', 'object_id', 'author', 'tags']) }},
        nullif(author, nullif(split_part(model_id, '/', 1), model_id)) as author,
        {{ list_is_empty('tags') }} as is_without_tags,
        abs({{ object_id_seconds('object_id') }} - {{ epoch_seconds('created_at') }}) > 1 as has_id_time_mismatch
    from records
    {{ unread_records() }}

)

select * from final
