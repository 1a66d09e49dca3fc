"""Queries about one model: its family tree, its profile, and its differences from another model."""
