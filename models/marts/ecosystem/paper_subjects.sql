with papers as (

    select * from {{ ref('stg_arxiv__papers') }}

),

model_papers as (

    select * from {{ ref('model_papers') }}

),

latest as (

    select
        arxiv_id,
        categories,
        row_number() over (partition by arxiv_id order by fetched_at desc, source_name desc) as recency
    from papers
    where categories is not null

),

categories as (

    select
        arxiv_id,
        {{ explode_words('categories') }} as category
    from latest
    where recency = 1

),

final as (

    select
        categories.category,
        count(distinct categories.arxiv_id) as n_papers,
        count(distinct model_papers.model_id) as n_models
    from categories
    inner join model_papers on categories.arxiv_id = model_papers.arxiv_id
    -- arXiv's begin with a small letter; the classes of ACM (I.2.7) and AMS (68T50) that tables mix in do not.
    where categories.category >= 'a'
    group by categories.category

)

select * from final
