with versions as (

    select * from {{ ref('int_model_versions') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}

),

final as (

    select
        versions.model_id,
        versions.valid_from,
        versions.valid_to,
        records.downloads,
        records.downloads_all_time,
        records.likes,
        records.trending_score
    from versions
    inner join records on versions.record_id = records.record_id

)

select * from final
