with record_languages as (

    select * from {{ ref('int_record_languages') }}
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
        record_languages.language,
        languages.name as language_name,
        record_languages.declared_in,
        languages.language is not null as is_known,
        record_languages.is_paper
    from record_languages
    inner join models on record_languages.record_id = models.record_id
    left join languages on record_languages.language = languages.language

)

select * from final
