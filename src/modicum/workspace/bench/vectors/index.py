"""Search among vectors: exact beside faiss's flat index, approximate beside hnswlib at equal recall, one thread each.

Time is that of the processor, on which other work of the machine leaves little trace. What the peers take is told by
`benchmarks/peers/index.py`, between two turns of modicum's own; without its environment the figures have no baseline.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.checks import check_choice
from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow, summarize
from modicum.vectors.index import ApproximateIndex, ExactIndex, audit, query_dimensions
from modicum.workspace.bench.peer import ask_peer

FLAT, MIXED, QUERIES, WIDTH, K = 100_000, 200_000, 1_000, 384, 10
RECALL = 0.95
DIMENSIONS, COMPONENTS = (8, 16, 32, 64), 200
ROUNDS = 3
SLOWEST, LARGEST, NEAREST = 1.2, 1.3, 0.02
EXACT, APPROXIMATE = "vectors.ExactIndex", "vectors.ApproximateIndex"
MEMORY = """
import re, sys
import numpy as np
from modicum.vectors.index import ExactIndex
def held(what):
    return 1024 * int(re.search(what + r":\\s+(\\d+)", open("/proc/self/status").read())[1])
queries = np.load(sys.argv[2])
ExactIndex(queries).search(queries)
before = held("VmRSS")
X = np.load(sys.argv[1])
ExactIndex(X).search(queries)
print((held("VmHWM") - before) / X.nbytes)
"""
"""Prints the most memory that vectors and their search take, beside what Python and its libraries had, on Linux."""

Single = NDArray[np.float32]


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Exact search of vectors without any structure, and approximate search of a mixture; a draw a seed."""
    worlds = {"unstructured": (_exact, _exact_rows), "mixture": (_approximate, _approximate_rows)}
    rows: list[BenchRow] = []
    for name in on:
        measure, told = worlds[check_choice(name, worlds, "collection")]
        draws = []
        for seed in range(seeds):
            progress(name, seed, seeds)
            with threadpool_limits(1):
                draws.append(measure(np.random.default_rng(seed)))
        progress(name, seeds, seeds)
        rows += told(draws)
    return rows


def mixture(rows: int, rng: np.random.Generator) -> Single:
    """Vectors (N, 384) of length 1 from clouds that fill subspaces of 8, 16, 32 and 64 dimensions around a centre."""
    part = rng.integers(0, COMPONENTS, rows)
    X = np.empty((rows, WIDTH), dtype=np.float32)
    for number in range(COMPONENTS):
        dimension = DIMENSIONS[number % len(DIMENSIONS)]
        basis = np.linalg.qr(rng.normal(size=(WIDTH, dimension)))[0]
        centre = normalize_rows(rng.normal(size=(1, WIDTH)))
        at = part == number
        X[at] = centre + rng.normal(size=(int(at.sum()), dimension)) @ basis.T / np.sqrt(dimension)
    return np.asarray(normalize_rows(X))


def unstructured(rows: int, rng: np.random.Generator) -> Single:
    """Vectors (N, 384) of length 1 in all directions."""
    X = np.empty((rows, WIDTH), dtype=np.float32)
    for part in chunks(rows, 10_000):
        X[part] = normalize_rows(rng.standard_normal((part.stop - part.start, WIDTH), dtype=np.float32))
    return X


def recall(found: NDArray[np.int64], true: NDArray[np.int64]) -> float:
    """Share of the true neighbours (Q, k) that were found."""
    return float((found[:, :, None] == true[:, None, :]).any(axis=1).mean())


def at_recall(curve: Sequence[Sequence[float]], wanted: float) -> float:
    """Queries a second at a recall, between two measured (recall, queries a second) in proportion of logarithms.

    Example:
        >>> round(at_recall([(0.9, 100.0), (1.0, 1.0)], 0.95), 6)
        10.0
    """
    points = np.array(curve)
    recalls, paces = points[np.argsort(points[:, 0], kind="stable")].T
    return float(np.exp(np.interp(wanted, recalls, np.log(paces))))


def _seconds(search: Callable[[], Any]) -> float:
    """Processor time of one search, the median of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        search()
        taken.append(time.process_time() - start)
    return float(np.median(taken))


def _exact(rng: np.random.Generator) -> dict[str, float]:
    X, queries = unstructured(FLAT, rng), unstructured(QUERIES, rng)
    index, coded = ExactIndex(X), ExactIndex(X, precision="int8")
    before = _seconds(lambda: index.search(queries, K))
    peer = ask_peer("index.py", {"flat": {"X": X, "queries": queries}})
    seconds = (before + _seconds(lambda: index.search(queries, K))) / 2
    found = {
        "seconds": seconds,
        "memory": _memory(X, queries),
        "int8 seconds": _seconds(lambda: coded.search(queries, K)),
        "int8 recall": recall(coded.search(queries, K)[0], index.search(queries, K)[0]),
        "int8 error": coded.error,
    }
    return found | ({"ratio": seconds / peer["flat"]["seconds"]} if peer else {})


def _memory(X: Single, queries: Single) -> float:
    with tempfile.TemporaryDirectory() as place:
        files = [str(Path(place) / name) for name in ("X.npy", "queries.npy")]
        for file, array in zip(files, (X, queries), strict=True):
            np.save(file, array)
        done = subprocess.run([sys.executable, "-c", MEMORY, *files], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _approximate(rng: np.random.Generator) -> dict[str, float]:
    every = mixture(MIXED + QUERIES, rng)
    X, queries = every[:MIXED], every[MIXED:]
    true = ExactIndex(X).search(queries, K)[0]
    start = time.process_time()
    index = ApproximateIndex(X, recall=RECALL)
    built = time.process_time() - start
    before = _seconds(lambda: index.search(queries, K))
    peer = ask_peer("index.py", {"mixture": {"X": X, "queries": queries, "true": true}})
    pace = 2 * len(queries) / (before + _seconds(lambda: index.search(queries, K)))
    reached = recall(index.search(queries, K)[0], true)
    predicted = audit(index, k=K, rng=rng).predict(query_dimensions(index, queries))
    found = {"recall": reached, "pace": pace, "built": built, "off": abs(predicted - reached)}
    if peer:
        told = peer["mixture"]
        found |= {"peer pace": at_recall(told["curve"], reached), "peer built": float(told["built"])}
    return found


def _exact_rows(draws: Sequence[Mapping[str, float]]) -> list[BenchRow]:
    where = f"{FLAT:,} x {WIDTH} vectors, {QUERIES:,} queries, one thread"
    rows = [
        _row(draws, "seconds", BenchRow("time, exact top-10", where, 0, "s", method=EXACT)),
        _row(draws, "memory", BenchRow("peak memory", where, 0, "times the vectors", target=LARGEST, method=EXACT)),
        _row(draws, "int8 seconds", BenchRow("time, top-10 of 8-bit codes", where, 0, "s", method=EXACT)),
        _row(draws, "int8 recall", BenchRow("recall, 8-bit codes", where, 0, "share", method=EXACT)),
        _row(draws, "int8 error", BenchRow("most a score is off, 8-bit codes", where, 0, "cosine", method=EXACT)),
    ]
    if all("ratio" in one for one in draws):
        ratio = BenchRow("time, exact top-10", where, 0, "times faiss flat", target=SLOWEST, method=EXACT)
        rows.insert(1, _row(draws, "ratio", ratio))
    return rows


def _approximate_rows(draws: Sequence[Mapping[str, float]]) -> list[BenchRow]:
    where = f"{MIXED:,} x {WIDTH} vectors of a mixture, {QUERIES:,} queries, one thread"
    there = all("peer pace" in one for one in draws)
    graph = "hnswlib at the same recall" if there else ""
    built = BenchRow("time to build", where, 0, "s", method=APPROXIMATE, against=graph[:7], lower_is_better=True)
    pace = BenchRow("queries answered", where, 0, "queries/s", method=APPROXIMATE, against=graph)
    found = BenchRow("recall, approximate top-10", where, 0, "share", target=RECALL, method=APPROXIMATE)
    off = BenchRow("recall predicted by the audit, off by", where, 0, "share", target=NEAREST, method="vectors.audit")
    return [
        _row(draws, "recall", found),
        _row(draws, "pace", pace, beside="peer pace" if there else None),
        _row(draws, "built", built, beside="peer built" if there else None),
        _row(draws, "off", off),
    ]


def _row(draws: Sequence[Mapping[str, float]], key: str, form: BenchRow, *, beside: str | None = None) -> BenchRow:
    """A row with the mean of a figure over the draws, beside a peer's figure on the same draws."""
    values = [one[key] for one in draws]
    value, spread = summarize(values)
    row = replace(form, value=value, spread=spread, seeds=len(draws))
    if beside is None:
        return row
    others = [one[beside] for one in draws]
    baseline, _ = summarize(others)
    _, difference = summarize([own - other for own, other in zip(values, others, strict=True)])
    target = baseline if key == "pace" else None
    return replace(row, baseline=baseline, target=target, difference_spread=difference)
