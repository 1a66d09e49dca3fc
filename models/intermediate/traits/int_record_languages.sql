with records as (

    select * from {{ ref('int_records_parsed') }}
    {{ new_records_only() }}

),

tags as (

    select * from {{ ref('int_record_tags_classified') }}
    {{ new_records_only() }}

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
        false as is_undecided,
        false as is_paper
    from card_declared
    union all
    -- Two-letter tags count only if the card declares no language and they have no other meaning
    -- (int_record_ambiguous_tags). The study counts all.
    select
        record_id,
        lower(tag_value) as declared,
        'tag' as declared_in,
        is_language as is_counted,
        is_undecided_language as is_undecided,
        is_two_letter_language and not is_read as is_paper
    from tags
    where is_language or is_two_letter_language

),

resolved as (

    -- The code as declared, else its primary subtag (zh-CN becomes zh).
    select
        declared.record_id,
        declared.declared_in,
        declared.is_counted,
        declared.is_undecided,
        declared.is_paper,
        coalesce(codes.language, primary_codes.language, declared.declared) as language
    from declared
    left join codes on declared.declared = codes.code
    left join codes as primary_codes
        on split_part(replace(declared.declared, '_', '-'), '-', 1) = primary_codes.code

),

final as (

    select
        resolved.record_id,
        resolved.language,
        min(resolved.declared_in) as declared_in,
        bool_or(resolved.is_counted) as is_counted,
        bool_or(resolved.is_undecided) and not bool_or(resolved.is_counted) as is_undecided,
        bool_or(resolved.is_paper) as is_paper,
        any_value(vocabularies.digest) as vocabulary_digest
    from resolved
    cross join {{ ref('int_vocabularies') }} as vocabularies
    group by resolved.record_id, resolved.language

)

select * from final
