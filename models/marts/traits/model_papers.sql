with traits as (

    select * from {{ ref('int_record_traits') }}
    where trait = 'paper' and is_counted

),

models as (

    select * from {{ ref('int_models_current') }}

),

papers as (

    select * from {{ ref('int_papers_latest') }}

),

final as (

    select
        models.model_id,
        traits.trait_value as arxiv_id,
        papers.title
    from traits
    inner join models on traits.record_id = models.record_id
    left join papers on traits.trait_value = papers.arxiv_id

)

select * from final
