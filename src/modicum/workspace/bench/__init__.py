"""Benchmarks by name: each a function from collections to rows of {measure, on, value, baseline, target}."""

from modicum.workspace.bench.suite import BENCHES, other_rows, run_bench

__all__ = ["BENCHES", "other_rows", "run_bench"]
