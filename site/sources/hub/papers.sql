-- The 50 papers that the most models link to.
select arxiv_id, coalesce(title, 'title not landed') as title, count(*) as n_models
from read_parquet('${parquet}/model_papers.parquet')
group by arxiv_id, title
order by n_models desc, arxiv_id
limit 50
