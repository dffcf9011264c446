"""Benchmarks of encoders whose weights move: merged, made smaller."""

"""Benchmarks of what is done to the encoder itself."""
