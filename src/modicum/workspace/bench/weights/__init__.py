"""Benchmarks of encoders whose weights move: merged, made smaller."""
