with model_languages as (

    select * from {{ ref('int_model_languages') }}
    where is_counted

),

models as (

    select * from {{ ref('int_models_current') }}

),

languages as (

    select * from {{ ref('languages') }}

),

final as (

    select
        models.model_id,
        model_languages.language,
        languages.name as language_name,
        model_languages.declared_in,
        languages.language is not null as is_known,
        model_languages.is_paper
    from model_languages
    inner join models on model_languages.model_key = models.model_key
    left join languages on model_languages.language = languages.language

)

select * from final
