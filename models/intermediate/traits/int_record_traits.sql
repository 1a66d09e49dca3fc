with traits as (

    select * from {{ ref('traits') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}
    {{ new_records_only() }}

),

tag_values as (

    select * from {{ ref('int_record_tag_values') }}
    {{ new_records_only() }}

),

languages as (

    select * from {{ ref('int_record_languages') }}
    {{ new_records_only() }}

),

weight_traits as (

    select * from {{ ref('int_record_weight_traits') }}
    {{ new_records_only() }}

),

field_values as (

    select * from {{ ref('int_field_values') }}

),

by_source as (

    -- The seed `traits` names the source and tag kind of each trait. A new trait that is read from a tag kind needs a
    -- line in the seed and no change here.
    select
        record_id,
        'tag' as source,
        tag_kind,
        tag_value as trait_value,
        is_counted,
        is_paper
    from tag_values
    union all
    select
        record_id,
        'language' as source,
        'language' as tag_kind,
        language as trait_value,
        is_counted,
        is_paper
    from languages
    union all
    select
        record_id,
        source,
        null as tag_kind,
        trait_value,
        true as is_counted,
        false as is_paper
    from weight_traits
    {% for field, source in {'task': 'pipeline_tag', 'library': 'library_name'}.items() %}
        union all
        select
            records.record_id,
            '{{ source }}' as source,
            null as tag_kind,
            coalesce(field_values.value, records.{{ field }}) as trait_value,
            true as is_counted,
            field_values.value is null as is_paper
        from records
        left join
            field_values
            on field_values.field = '{{ field }}' and records.{{ field }} = field_values.written_value
        union all
        -- The study takes a value as it is written.
        select
            records.record_id,
            '{{ source }}' as source,
            null as tag_kind,
            records.{{ field }} as trait_value,
            false as is_counted,
            true as is_paper
        from records
        inner join
            field_values
            on field_values.field = '{{ field }}' and records.{{ field }} = field_values.written_value
    {% endfor %}

),

final as (

    select
        by_source.record_id,
        traits.trait,
        by_source.trait_value,
        by_source.is_counted,
        by_source.is_paper,
        vocabularies.digest as vocabulary_digest
    from by_source
    inner join traits
        on
            by_source.source = traits.source
            and coalesce(by_source.tag_kind, '') = coalesce(traits.tag_kind, '')
    cross join {{ ref('int_vocabularies') }} as vocabularies
    where by_source.trait_value <> ''

)

select * from final
