with versions as (

    select * from {{ ref('int_model_versions') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}

),

record_tags as (

    select * from {{ ref('int_record_tags') }}

),

tags as (

    select * from {{ ref('int_tag_vocabulary') }}
    where prefix_kind in ('license', 'base_model') and tag_value <> ''

),

record_traits as (

    select
        record_tags.record_id,
        case tags.prefix_kind when 'license' then 'license' else 'parent' end as trait,
        tags.tag_value as trait_value
    from record_tags
    inner join tags on record_tags.tag_key = tags.tag_key
    union all
    select
        records.record_id,
        'task' as trait,
        coalesce(field_values.value, records.task) as trait_value
    from records
    left join {{ ref('int_field_values') }} as field_values
        on field_values.field = 'task' and records.task = field_values.written_value
    where records.task <> ''

),

final as (

    select
        versions.model_id,
        record_traits.trait,
        record_traits.trait_value,
        versions.valid_from,
        versions.valid_to,
        versions.has_changed
    from versions
    inner join record_traits on versions.record_id = record_traits.record_id

)

select * from final
