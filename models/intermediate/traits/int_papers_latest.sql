with rows_with_text as (

    select
        *,
        {{ decoded('arxiv_id') }} as decoded_id
    from {{ ref('stg_arxiv__papers') }}
    where title is not null or categories is not null

),

papers as (

    -- A table may list versions of papers.
    select
        {{ arxiv_paper('arxiv_id', 'decoded_id') }} as arxiv_id,
        source_name,
        title,
        categories,
        fetched_at
    from rows_with_text

),

ranked as (

    -- The latest title and the latest categories can come from different rows: tables list categories only.
    select
        arxiv_id,
        title,
        categories,
        row_number() over (
            partition by arxiv_id, title is null
            order by fetched_at desc, source_name desc, title desc nulls last, categories desc nulls last
        ) as title_recency,
        row_number() over (
            partition by arxiv_id, categories is null
            order by fetched_at desc, source_name desc, categories desc nulls last, title desc nulls last
        ) as categories_recency
    from papers

),

final as (

    select
        arxiv_id,
        max(case when title_recency = 1 then title end) as title,
        max(case when categories_recency = 1 then categories end) as categories
    from ranked
    group by arxiv_id

)

select * from final
