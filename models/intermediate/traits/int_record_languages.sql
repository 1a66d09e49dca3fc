{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{% if vocabularies_changed(this) %}truncate {{ this }}{% endif %}",
) }}

with records as (

    select * from {{ ref('int_records_parsed') }}
    {{ unread_records() }}

),

tags as (

    select * from {{ ref('int_record_tags_classified') }}
    {{ unread_records() }}

),

codes as (

    select * from {{ ref('int_language_codes') }}

),

card_declared as (

    select
        record_id,
        {{ explode_distinct('card_languages') }} as declared
    from records

),

declared as (

    select
        record_id,
        declared,
        'card' as declared_in,
        true as is_counted,
        false as is_paper
    from card_declared
    union all
    -- A card's own declaration stands; tags count only where there is none. The study counted two-letter tags.
    select
        record_id,
        lower(tag_value) as declared,
        'tag' as declared_in,
        kind = 'language' as is_counted,
        is_two_letter_language as is_paper
    from tags
    where kind = 'language' or is_two_letter_language

),

recognised as (

    -- A code as it stands, else its primary subtag (zh-CN is zh).
    select
        declared.record_id,
        declared.declared_in,
        declared.is_counted,
        declared.is_paper,
        coalesce(codes.language, primary_codes.language, declared.declared) as language
    from declared
    left join codes on declared.declared = codes.code
    left join codes as primary_codes
        on split_part(replace(declared.declared, '_', '-'), '-', 1) = primary_codes.code

),

final as (

    select
        recognised.record_id,
        recognised.language,
        min(recognised.declared_in) as declared_in,
        bool_or(recognised.is_counted) as is_counted,
        bool_or(recognised.is_paper) as is_paper,
        any_value(vocabularies.version) as vocabularies
    from recognised
    cross join {{ ref('int_vocabularies') }} as vocabularies
    group by recognised.record_id, recognised.language

)

select * from final
