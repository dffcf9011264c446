"""Verbs about what models are made of: methods, encoders, vectors, benchmarks."""
