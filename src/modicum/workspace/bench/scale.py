"""A million rows through `modicum predict`: memory, throughput, nothing held that need not be."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from modicum.core.progress import Progress
from modicum.core.records import Table
from modicum.data.write import write_stream
from modicum.evaluation.bench import BenchRow, few_shot_rows, load_collection
from modicum.workspace.fitting import fit
from modicum.workspace.ladder.recipes import RECIPES

ROWS = 1_000_000
SHOTS = 8
PART = 50_000
CHEAP = tuple(recipe for recipe in RECIPES if recipe.name == "names + shots")
WATCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command and prints the most memory it held, in kilobytes on Linux."""


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Peak memory and rows a second of one process, with static vectors and one linear recipe."""
    rows: list[BenchRow] = []
    for name in on:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            texts = _bundle(name, root, folder)
            write_stream(_parts(texts, progress), folder / "many.csv")
            start = time.perf_counter()
            peak = _predict(folder)
            pace = ROWS / (time.perf_counter() - start)
        where = f"{ROWS:,} rows of {name}, static vectors"
        rows.append(BenchRow("peak memory", where, round(peak, 3), "GB", None, 1.5))
        rows.append(BenchRow("throughput, CSV to CSV", where, round(pace, 1), "rows/s"))
    return rows


def _bundle(name: str, root: Path, folder: Path) -> tuple[str, ...]:
    train, _ = load_collection(name, root)
    codes = np.unique([str(label) for label in train.labels], return_inverse=True)[1]
    keep = set(few_shot_rows(codes, SHOTS, np.random.default_rng(0)).tolist())
    labels = tuple(label if row in keep else None for row, label in enumerate(train.labels))
    table = Table(train.ids, train.texts, labels)
    fit(table, recipes=CHEAP, encoder_mode="static", map_points=0).save(folder / "bundle")
    return train.texts


def _parts(texts: Sequence[str], progress: Progress) -> Iterator[dict[str, list[str]]]:
    for start in range(0, ROWS, PART):
        progress("writing rows", start, ROWS)
        yield {"text": [f"{texts[row % len(texts)]} {row}" for row in range(start, start + PART)]}
    progress("writing rows", ROWS, ROWS)


def _predict(folder: Path) -> float:
    asked = ["predict", str(folder / "bundle"), str(folder / "many.csv"), "--text", "text"]
    return peak_memory([*asked, "--out", str(folder / "answers.csv")])


def peak_memory(arguments: Sequence[str]) -> float:
    """Most gigabytes that `modicum ARGUMENTS` holds, in a process of its own."""
    watched = [sys.executable, "-c", WATCH, sys.executable, "-m", "modicum", *arguments]
    done = subprocess.run(watched, check=True, capture_output=True, text=True, env=dict(os.environ))
    return float(done.stdout.split()[-1]) / 1e6
