"""Benchmarks of what is found among vectors: rows, topics, outliers."""
