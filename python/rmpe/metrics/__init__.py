"""Metrics: what a data set and the rows of results are worth in numbers, one module each."""
