"""Ingestion: fetches or reads records, model cards and papers, and lands them in the schema raw."""
