with vocabulary as (

    select * from {{ ref('int_tag_vocabulary') }}

),

ambiguous as (

    select * from {{ ref('ambiguous_languages') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}
    {{ new_records_only() }}

),

record_tags as {{ not_materialized() }} (

    select * from {{ ref('int_record_tags') }}
    {{ new_records_only() }}

),

language_codes as (

    select
        record_tags.record_id,
        record_tags.tag_key,
        vocabulary.tag_value as code,
        record_tags.is_own_task or record_tags.is_own_library as is_own_value,
        ambiguous.code is not null as is_ambiguous
    from record_tags
    inner join vocabulary on record_tags.tag_key = vocabulary.tag_key
    left join ambiguous on vocabulary.tag_value = ambiguous.code
    where vocabulary.is_two_letter_language and not record_tags.declares_languages

),

code_counts as (

    select
        record_id,
        count(*) filter (where not is_ambiguous and not is_own_value) as n_clear_codes
    from language_codes
    group by record_id
    having bool_or(is_ambiguous or is_own_value)

),

texts as (

    select
        code_counts.record_id,
        lower(records.model_id) || '|' || {{ sorted_concat('lower(vocabulary.tag)', '|') }} as words
    from code_counts
    inner join records on code_counts.record_id = records.record_id
    inner join record_tags on code_counts.record_id = record_tags.record_id
    inner join vocabulary on record_tags.tag_key = vocabulary.tag_key
    group by code_counts.record_id, records.model_id

),

weighed as (

    -- Three other codes make a list of languages. In the records of June and August 2026, tags with another meaning had
    -- at most two beside them.
    select
        language_codes.record_id,
        language_codes.tag_key,
        code_counts.n_clear_codes >= 3
        or {{ matches_pattern('texts.words', 'ambiguous.language_pattern') }} as can_be_language,
        language_codes.is_own_value
        or {{ matches_pattern('texts.words', 'ambiguous.other_pattern') }} as can_be_other
    from language_codes
    inner join code_counts on language_codes.record_id = code_counts.record_id
    inner join texts on language_codes.record_id = texts.record_id
    left join ambiguous on language_codes.code = ambiguous.code
    where language_codes.is_ambiguous or language_codes.is_own_value

),

final as (

    select
        weighed.record_id,
        weighed.tag_key,
        case
            when weighed.can_be_language and not weighed.can_be_other then 'language'
            when weighed.can_be_other and not weighed.can_be_language then 'other meaning'
            else 'undecided'
        end as verdict,
        vocabularies.digest as vocabulary_digest
    from weighed
    cross join {{ ref('int_vocabularies') }} as vocabularies

)

select * from final
