"""Synthetic data: a hub of invented models with known properties, and a fake server of the Hub's API."""
