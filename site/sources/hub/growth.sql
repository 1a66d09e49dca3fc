from read_parquet('${parquet}/growth_by_month.parquet') order by month
