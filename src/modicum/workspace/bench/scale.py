"""A million rows and more through `modicum predict`: memory, throughput, and what a kill -9 costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from modicum.core.errors import InputError
from modicum.core.files import file_digest
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
KILLED = 0.3
"""Share of the rows that are done when the run is killed."""
WATCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command and prints the most memory it held, in kilobytes on Linux."""


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Peak memory, rows a second, and a run that is killed and goes on, with static vectors and one linear recipe.

    `on` names collections, each also with a number of rows: `banking77:10000000`.
    """
    rows: list[BenchRow] = []
    for said in on:
        name, _, number = said.partition(":")
        many = _number(number)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            texts = _bundle(name, root, folder)
            write_stream(_parts(texts, many, progress), folder / "many.csv")
            start = time.perf_counter()
            peak = peak_memory([*_asked(folder), str(folder / "answers.csv")])
            pace = many / (time.perf_counter() - start)
            kept, same = _killed(folder, many)
        where = f"{many:,} rows of {name}, static vectors"
        rows.append(BenchRow("peak memory of a process", where, round(peak, 3), "GB", None, 1.5))
        rows.append(BenchRow("throughput, CSV to CSV", where, round(pace, 1), "rows/s"))
        rows.append(BenchRow("rows kept by a run that was killed", where, kept, "rows"))
        rows.append(BenchRow("equal files after the kill", where, float(same), "share", None, 1.0))
    return rows


def _number(said: str) -> int:
    if said and not said.isdigit():
        raise InputError(f"{said!r} is no number of rows; write, for instance, --on banking77:200000")
    return int(said or ROWS)


def _killed(folder: Path, many: int) -> tuple[float, bool]:
    """Kill a run in the middle and give the command again: rows that were kept, and whether the files are equal."""
    out = folder / "again.csv"
    command = [sys.executable, "-m", "modicum", *_asked(folder), str(out)]
    kept, process = 0, subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while kept < KILLED * many and process.poll() is None:
        time.sleep(0.1)
        kept = _kept(folder / "again.csv.parts")
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = _kept(folder / "again.csv.parts")
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return float(kept), file_digest(out) == file_digest(folder / "answers.csv")


def _kept(parts: Path) -> int:
    """Rows in the parts that are there, by their names."""
    spans = (file.name.split(".")[1].split("-") for file in parts.glob("0*.csv"))
    return sum(int(end) - int(start) for start, end in spans)


def _asked(folder: Path) -> list[str]:
    return ["predict", str(folder / "bundle"), str(folder / "many.csv"), "--text", "text", "--out"]


def _bundle(name: str, root: Path, folder: Path) -> tuple[str, ...]:
    train, _ = load_collection(name, root)
    codes = np.unique([str(label) for label in train.labels], return_inverse=True)[1]
    keep = set(few_shot_rows(codes, SHOTS, np.random.default_rng(0)).tolist())
    labels = tuple(label if row in keep else None for row, label in enumerate(train.labels))
    table = Table(train.ids, train.texts, labels)
    fit(table, recipes=CHEAP, encoder_mode="static", map_points=0).save(folder / "bundle")
    return train.texts


def _parts(texts: Sequence[str], many: int, progress: Progress) -> Iterator[dict[str, list[str]]]:
    for start in range(0, many, PART):
        progress("writing rows", start, many)
        yield {"text": [f"{texts[row % len(texts)]} {row}" for row in range(start, min(start + PART, many))]}
    progress("writing rows", many, many)


def peak_memory(arguments: Sequence[str]) -> float:
    """Most gigabytes that `modicum ARGUMENTS` holds, in a process of its own."""
    watched = [sys.executable, "-c", WATCH, sys.executable, "-m", "modicum", *arguments]
    done = subprocess.run(watched, check=True, capture_output=True, text=True, env=dict(os.environ))
    return float(done.stdout.split()[-1]) / 1e6
