"""Benchmark rows, the machine they were measured on, and the collections they need."""

from modicum.evaluation.bench.collections import few_shot_rows, load_collection, shifted_rows
from modicum.evaluation.bench.flips import flip_labels, most_similar_class
from modicum.evaluation.bench.planted import CopyScores, copy_scores, plant_copies
from modicum.evaluation.bench.retrieval import Retrieval, load_retrieval
from modicum.evaluation.bench.rows import BenchRow, machine_facts, rows_to_json, summarize

__all__ = [
    "BenchRow",
    "CopyScores",
    "Retrieval",
    "copy_scores",
    "few_shot_rows",
    "flip_labels",
    "load_collection",
    "load_retrieval",
    "machine_facts",
    "most_similar_class",
    "plant_copies",
    "rows_to_json",
    "shifted_rows",
    "summarize",
]
