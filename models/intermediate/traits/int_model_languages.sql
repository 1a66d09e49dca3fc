with models as (

    select * from {{ ref('int_models_current') }}

),

tags as (

    select * from {{ ref('int_model_tags_classified') }}

),

codes as (

    select * from {{ ref('int_language_codes') }}

),

card_declared as (

    select
        model_key,
        {{ explode_distinct('card_languages') }} as declared
    from models

),

declared as (

    select
        model_key,
        declared,
        'card' as declared_in,
        true as is_counted,
        false as is_paper
    from card_declared
    union all
    -- A card's own declaration stands; tags count only where there is none. The study counted two-letter tags.
    select
        model_key,
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
        declared.model_key,
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
        model_key,
        language,
        min(declared_in) as declared_in,
        bool_or(is_counted) as is_counted,
        bool_or(is_paper) as is_paper
    from recognised
    group by model_key, language

)

select * from final
