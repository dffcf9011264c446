"""What a Ray cluster costs beside the cores of one machine, and what the loss of a node costs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from modicum.core.files import file_digest
from modicum.core.progress import Progress
from modicum.encoders import find
from modicum.evaluation.bench import BenchRow, load_collection
from modicum.workspace.bench.many import rows_kept, static_bundle, write_rows
from modicum.workspace.bench.nodes import PLACES, Nodes, two_nodes

COLLECTION = "banking77"
SIZES: Mapping[str, int] = {"static": 200_000, "exact": 5_000}
"""Texts that are encoded, by the encoder's mode."""
MOST = 1.25
"""Seconds on the cluster at most, for each second on the local executor."""
KILLED = 60_000
"""Rows of a run in the middle of which a node is killed."""
LATEST = 0.9
"""Share of the rows that may be done by then."""
LOCAL = "local"
POLL = 0.01


@dataclass
class _Times:
    """Seconds of the runs in two places, and the digests of what they wrote."""

    local: list[float] = field(default_factory=list)
    ray: list[float] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)


def overhead(root: Path, runs: int, progress: Progress) -> list[BenchRow]:
    """Seconds of `modicum encode` on two nodes of one core, and on the local executor with two; by turns, the medians.

    Python's start, the workers', and on the cluster the connection are counted; that of its nodes is not.
    """
    train, _ = load_collection(COLLECTION, root)
    rows: list[BenchRow] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        environ = {**os.environ, **PLACES, "MODICUM_CACHE": str(folder / "cache")}
        with two_nodes(environ) as nodes:
            for mode, many in SIZES.items():
                table = write_rows(folder / f"{mode}.csv", train.texts, many, progress)
                _encode(table, mode, LOCAL, environ)  # what is made once, such as the table of static vectors
                times = _Times()
                for number in range(runs):
                    progress(f"overhead, {mode}", number, runs)
                    times.local.append(_encode(table, mode, LOCAL, environ))
                    times.digests.add(file_digest(_out(table)))
                    times.ray.append(_encode(table, mode, f"ray:{nodes.address}", environ))
                    times.digests.add(file_digest(_out(table)))
                rows += _overhead_rows(f"{many:,} texts of {COLLECTION}, {mode}", times)
    return rows


def _overhead_rows(where: str, times: _Times) -> list[BenchRow]:
    base = round(float(np.median(times.local)), 2)
    spread = round(float(np.std(times.ray, ddof=1)), 2) if len(times.ray) > 1 else None
    note = "baseline: the local executor on 2 cores; medians"
    shown = round(float(np.median(times.ray)), 2), "s", base, round(MOST * base, 2), len(times.ray), spread, note
    return [
        BenchRow("encode on Ray, 2 nodes of 1 core", where, *shown),
        BenchRow("equal files on Ray", where, float(len(times.digests) == 1), "share", None, 1.0, len(times.ray)),
    ]


def _encode(table: Path, mode: str, executor: str, environ: Mapping[str, str]) -> float:
    """Seconds that it takes, no vector being in the cache."""
    shutil.rmtree(Path(environ["MODICUM_CACHE"]) / "vectors", ignore_errors=True)
    asked = ["encode", str(table), "--text", "text", "--encoder", str(find()), "--encoder-mode", mode, "--threads", "2"]
    start = time.perf_counter()
    _finished([*asked, "--executor", executor, "--out", str(_out(table))], environ)
    return time.perf_counter() - start


def _out(table: Path) -> Path:
    return table.with_suffix(".npy")


def _finished(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "modicum", *arguments]
    subprocess.run(command, check=True, env=dict(environ), stderr=subprocess.DEVNULL)


def killed_nodes(root: Path, runs: int, progress: Progress) -> list[BenchRow]:
    """One of two nodes is killed at a random moment of `modicum predict`: are the rows those of the local executor?"""
    rng, same, moments = np.random.default_rng(0), 0, list[int]()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        texts = static_bundle(COLLECTION, root, folder / "bundle")
        table = write_rows(folder / "many.csv", texts, KILLED, progress)
        asked = ["predict", str(folder / "bundle"), str(table), "--text", "text"]
        _finished([*asked, "--out", str(folder / "whole.csv")], os.environ)
        with two_nodes(os.environ) as nodes:
            for number in range(runs):
                progress("killed nodes", number, runs)
                out = folder / f"{number}.csv"
                told = [*asked, "--executor", f"ray:{nodes.address}", "--out", str(out)]
                moments.append(_killed(told, out, nodes, LATEST * rng.random() * KILLED))
                same += out.is_file() and file_digest(out) == file_digest(folder / "whole.csv")
                out.unlink(missing_ok=True)
    where = f"{KILLED:,} rows of {COLLECTION}, static vectors, 2 nodes of 1 core"
    note = f"killed when {min(moments):,} to {max(moments):,} rows were done, {int(np.median(moments)):,} in the median"
    return [
        BenchRow("runs with the same rows after a node was killed", where, same, "runs", None, runs, runs, None, note)
    ]


def _killed(arguments: Sequence[str], out: Path, nodes: Nodes, moment: float) -> int:
    """Kill a node once so many rows are done, and start another when the run has ended: the rows that were done."""
    parts, kept = out.with_name(f"{out.name}.parts"), 0
    command = [sys.executable, "-m", "modicum", *arguments]
    with subprocess.Popen(command, env={**os.environ, **PLACES}, stderr=subprocess.DEVNULL) as process:
        while not (parts.is_dir() and kept >= moment) and process.poll() is None:
            time.sleep(POLL)
            kept = rows_kept(parts) if process.poll() is None else KILLED
        nodes.kill()
    nodes.start()
    return kept
