"""The study's methods as pure functions over arrays: no dbt, no files, no network."""
