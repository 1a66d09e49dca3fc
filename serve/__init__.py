"""Hands the marts to people: the published copy that BI reads."""
