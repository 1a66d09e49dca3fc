with samples as (

    select * from {{ ref('int_similarity_samples') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        ---- keys
        samples.shape,
        samples.pair,
        samples.draw,
        first_models.model_id as first_id,
        second_models.model_id as second_id,

        ---- records
        samples.metadata_bow,
        samples.metadata_tfidf,
        samples.metadata_levenshtein,

        ---- cards
        samples.card_bow,
        samples.card_tfidf,
        samples.card_levenshtein
    from samples
    inner join models as first_models on samples.first_key = first_models.model_key
    inner join models as second_models on samples.second_key = second_models.model_key

)

select * from final
