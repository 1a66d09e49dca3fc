"""A dbt and DuckDB warehouse of the family trees of models on the Hugging Face Hub."""
