"""Benchmarks of what is said about labels: asked, repaired, estimated, promised."""
