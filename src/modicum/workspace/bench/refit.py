"""How long a user waits: `modicum fit` as a process, with an empty cache and with vectors cached."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modicum.core.progress import Progress
from modicum.data.read import label_space
from modicum.data.write import write_table
from modicum.evaluation.bench import BenchRow, few_shot_rows, load_collection, summarize

SHOTS = 8


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Wall time of the first fit and of later ones, default budget, 8 labels a class."""
    rows: list[BenchRow] = []
    for name in on:
        with tempfile.TemporaryDirectory() as folder:
            table = few_labels(name, root, Path(folder))
            first = _wall(table, Path(folder))
            later = []
            for seed in range(seeds):
                progress(f"{name}, fits with vectors cached", seed, seeds)
                later.append(_wall(table, Path(folder)))
        where = f"{name} train, {SHOTS} labels a class"
        value, spread = summarize(later)
        rows.append(BenchRow("wall time, first fit", where, first, "s", None, None, 1, None, "vectors made"))
        rows.append(BenchRow("wall time, later fit", where, value, "s", None, 60.0, seeds, spread, "vectors cached"))
    return rows


def few_labels(name: str, root: Path, folder: Path) -> Path:
    """Write the training table of a collection with `SHOTS` labels a class, as `table.csv`; returns its path."""
    train, _ = load_collection(name, root)
    codes, _ = label_space(train, None).encode(train.labels)
    keep = set(few_shot_rows(codes, SHOTS, np.random.default_rng(0)).tolist())
    labels = [label if row in keep else None for row, label in enumerate(train.labels)]
    path = folder / "table.csv"
    write_table(path, {"text": list(train.texts), "category": labels})
    return path


def _wall(table: Path, folder: Path) -> float:
    command = [sys.executable, "-m", "modicum", "fit", str(table), "--text", "text", "--label", "category"]
    start = time.perf_counter()
    subprocess.run(
        [*command, "--out", str(folder / "bundle"), "--json"],
        check=True,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"MODICUM_CACHE": str(folder / "cache")},
    )
    return time.perf_counter() - start
