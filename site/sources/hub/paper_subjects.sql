-- The 50 most frequent categories.
from read_parquet('${parquet}/paper_subjects.parquet') order by n_models desc, category limit 50
