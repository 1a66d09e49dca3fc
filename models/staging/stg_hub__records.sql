with source as (

    select * from {{ source('raw', 'hub_records') }}

),

parsed as (

    select
        record_id,
        content_hash,
        record,
        {{ parse_hub_record('record') }} as fields
    from source

),

renamed as (

    select
        ---- keys
        parsed.record_id,
        parsed.content_hash,
        fields.id as model_id,
        fields._id as object_id,

        ---- text
        parsed.record,
        fields.author,
        fields.sha,
        fields.pipeline_tag as task,
        fields.library_name as library,
        fields.gated,
        fields.cardData.base_model_relation as card_relation,
        nullif(trim(fields.cardData.license_name), '') as card_license_name,
        nullif(trim(fields.cardData.license_link), '') as card_license_link,

        ---- lists
        fields.tags,
        {{ declared_languages('fields.cardData.language') }} as card_languages,
        {{ text_list('fields.cardData.base_model') }} as card_parents,
        {{ text_list('fields.cardData.license') }} as card_licenses,

        ---- numbers
        fields.downloads,
        fields.downloadsAllTime as downloads_all_time,
        fields.likes,
        fields.trendingScore as trending_score,
        fields.safetensors.total as n_parameters,
        fields.usedStorage as used_storage_bytes,

        ---- booleans
        fields.private as is_private,
        fields.cardData is not null as has_card_fields,
        {{ list_has('fields.tags', "'phylohub:synthetic'") }} as is_synthetic,

        ---- timestamps
        {{ utc_timestamp('fields.createdAt') }} as created_at,
        {{ utc_timestamp('fields.lastModified') }} as last_modified_at
    from parsed

)

select * from renamed
