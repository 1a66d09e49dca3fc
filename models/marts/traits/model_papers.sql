with traits as (

    select * from {{ ref('int_record_traits') }}
    where trait = 'paper'

),

models as (

    select * from {{ ref('int_models_current') }}

),

titles as (

    select
        arxiv_id,
        title,
        row_number() over (partition by arxiv_id order by fetched_at desc, source_name desc) as recency
    from {{ ref('stg_arxiv__papers') }}
    where title is not null

),

final as (

    select
        models.model_id,
        traits.trait_value as arxiv_id,
        titles.title
    from traits
    inner join models on traits.record_id = models.record_id
    left join titles on traits.trait_value = titles.arxiv_id and titles.recency = 1

)

select * from final
