with source as (

    select * from {{ source('raw', 'hub_models') }}

),

parsed as (

    select
        snapshot,
        source,
        position,
        {{ parse_hub_record('record') }} as fields
    from source

),

renamed as (

    select
        ---- keys
        parsed.snapshot,
        parsed.source as source_name,
        parsed.position as source_position,
        fields.id as model_id,
        fields._id as object_id,

        ---- text
        fields.author,
        fields.sha,
        fields.pipeline_tag as task,
        fields.library_name as library,
        fields.gated,

        ---- lists
        fields.tags,
        {{ declared_languages('fields."cardData".language') }} as card_languages,

        ---- numbers
        fields.downloads,
        fields.downloadsAllTime as downloads_all_time,
        fields.likes,
        fields.trendingScore as trending_score,
        fields.safetensors.total as n_parameters,
        fields.usedStorage as used_storage_bytes,

        ---- booleans
        fields.private as is_private,

        ---- timestamps
        {{ utc_timestamp('fields."createdAt"') }} as created_at,
        {{ utc_timestamp('fields."lastModified"') }} as last_modified_at
    from parsed

)

select * from renamed
