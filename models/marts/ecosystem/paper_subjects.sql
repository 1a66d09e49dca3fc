with papers as (

    select * from {{ ref('int_papers_latest') }}

),

model_papers as (

    select * from {{ ref('model_papers') }}

),

categories as (

    select
        arxiv_id,
        {{ explode_words('categories') }} as category
    from papers

),

final as (

    select
        categories.category,
        count(distinct categories.arxiv_id) as n_papers,
        count(distinct model_papers.model_id) as n_models
    from categories
    inner join model_papers on categories.arxiv_id = model_papers.arxiv_id
    -- arXiv categories begin with a lower-case letter, unlike the ACM (I.2.7) and AMS (68T50) classes in some tables.
    where categories.category >= 'a'
    group by categories.category

)

select * from final
