-- The 50 papers that most models link to.
select arxiv_id, coalesce(title, '(title not fetched)') as title, count(*) as n_models
from read_parquet('${parquet}/model_papers.parquet')
group by arxiv_id, title
order by n_models desc, arxiv_id
limit 50
