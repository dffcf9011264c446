"""A million rows and more through `modicum predict`: memory, throughput, and what a kill -9 costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from modicum.core.errors import InputError
from modicum.core.files import file_digest
from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow
from modicum.workspace.bench import cluster
from modicum.workspace.bench.many import rows_kept, static_bundle, write_rows

ROWS = 1_000_000
KILLED = 0.3
"""Share of the rows that are done when the run is killed."""
WATCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command and prints the most memory it held, in kilobytes on Linux."""

CLUSTER: Mapping[str, tuple[Callable[[Path, int, Progress], list[BenchRow]], int]] = MappingProxyType(
    {"overhead": (cluster.overhead, 3), "nodes": (cluster.killed_nodes, 20)}
)
"""What is measured on a cluster, and how many runs of it."""


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Peak memory, rows a second, and a run that is killed and goes on, with static vectors and one linear recipe.

    `on` names collections, each also with a number of rows: `banking77:10000000`; or what is measured on a Ray cluster:
    `overhead` beside this machine's cores, and `nodes` that are killed, each also with a number of runs: `nodes:20`.

    Raises:
        InputError: More than one seed is asked for: nothing here is drawn, and runs are counted by `on`.
    """
    if seeds > 1:
        raise InputError("scale draws nothing, so that seeds do not count; for several runs write --on nodes:20")
    rows: list[BenchRow] = []
    for said in on:
        name, _, number = said.partition(":")
        if name in CLUSTER:
            measure, runs = CLUSTER[name]
            rows += measure(root, _number(number, runs), progress)
            continue
        many = _number(number, ROWS)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            texts = static_bundle(name, root, folder / "bundle")
            write_rows(folder / "many.csv", texts, many, progress)
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


def _number(said: str, usual: int) -> int:
    if said and not said.isdigit():
        raise InputError(f"{said!r} is no number of rows or runs; write, for instance, --on banking77:200000")
    return int(said or usual)


def _killed(folder: Path, many: int) -> tuple[float, bool]:
    """Kill a run in the middle and give the command again: rows that were kept, and whether the files are equal."""
    out = folder / "again.csv"
    command = [sys.executable, "-m", "modicum", *_asked(folder), str(out)]
    kept, process = 0, subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while kept < KILLED * many and process.poll() is None:
        time.sleep(0.1)
        kept = rows_kept(folder / "again.csv.parts")
    process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL:
        raise InputError(f"{many:,} rows were done before they could be interrupted; ask for more, as --on NAME:ROWS")
    kept = rows_kept(folder / "again.csv.parts")
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return float(kept), file_digest(out) == file_digest(folder / "answers.csv")


def _asked(folder: Path) -> list[str]:
    return ["predict", str(folder / "bundle"), str(folder / "many.csv"), "--text", "text", "--out"]


def peak_memory(arguments: Sequence[str]) -> float:
    """Most gigabytes that `modicum ARGUMENTS` holds, in a process of its own."""
    watched = [sys.executable, "-c", WATCH, sys.executable, "-m", "modicum", *arguments]
    done = subprocess.run(watched, check=True, capture_output=True, text=True, env=dict(os.environ))
    return float(done.stdout.split()[-1]) / 1e6
