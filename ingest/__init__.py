"""Lands raw records of the Hugging Face Hub in the warehouse's raw schema."""
