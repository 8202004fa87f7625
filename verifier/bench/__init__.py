"""Measurements behind the figures in `docs/results`; one script a table, run by hand."""
