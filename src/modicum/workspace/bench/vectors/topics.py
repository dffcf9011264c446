"""Topics against known intents, beside BERTopic on the same vectors; and a million rows through `modicum topics`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import v_measure_score

from modicum.core.arrays import chunks
from modicum.core.progress import Progress
from modicum.data.write import write_stream
from modicum.encoders import encode, resolve
from modicum.evaluation.bench import BenchRow, load_collection, summarize
from modicum.vectors.topics import Topics, keep_topics
from modicum.workspace.bench.peer import ask_peer
from modicum.workspace.bench.scale import WATCH
from modicum.workspace.topics.words import topic_words

ROWS, WIDTH, MIXED = 1_000_000, 384, 200
"""Rows and width of the large table, and the Gaussians that it is mixed from."""
INNER, SPREAD = 30, 0.7
"""Dimensions in which these lie, and how wide they are beside the distance of their middles."""
PART, GIGABYTES, FASTER = 50_000, 6.0, 5
PEER = "bertopic, its defaults, on the same vectors"


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """V-measure and seconds on test sets, then time and memory for a million mixture vectors."""
    rows: list[BenchRow] = []
    for name in on:
        table = load_collection(name, root)[1]
        truth = np.unique([str(label) for label in table.labels], return_inverse=True)[1]
        X = encode(table.texts, resolve(None, table.texts), progress=progress)
        cells = []
        for seed in range(seeds):
            progress(f"{name}, topics", seed, seeds)
            cells.append(_found(X, truth, table.texts, seed))
        progress(f"{name}, topics", seeds, seeds)
        given = {"X": np.asarray(X), "codes": truth, "texts": np.array(table.texts), "runs": np.array(seeds)}
        peer = ask_peer("topics.py", {name: given})
        rows += _rows(f"{name} test", cells, peer[name] if peer else None)
    return rows + _million(progress)


def _found(X: NDArray[np.floating], truth: NDArray[np.int64], texts: Sequence[str], seed: int) -> dict[str, float]:
    """Find and name, as the peer does, with the number found; seconds are those of both."""
    rng = np.random.default_rng(seed)
    start = time.perf_counter()
    found = Topics(random_state=seed).fit(X)
    topic_words(texts, found.labels_, found.centres_, None, rng)
    seconds = time.perf_counter() - start
    far = keep_topics(found.centres_, X, agreement=1.0, rng=rng).place(X).far
    return {
        "v": float(v_measure_score(truth, found.labels_)),
        "seconds": seconds,
        "outside": float(far.mean()),
        "topics": float(len(found.centres_)),
    }


def _rows(where: str, cells: Sequence[Mapping[str, float]], peer: Mapping[str, list[float]] | None) -> list[BenchRow]:
    told = (
        ("V-measure with the classes, number found", "v", "share", 1.0),
        ("seconds to find and name topics", "seconds", "s", 1 / FASTER),
        ("rows far from every topic", "outside", "share", None),
        ("topics found", "topics", "topics", None),
    )
    rows = []
    for measure, key, unit, aim in told:
        value, spread = summarize([cell[key] for cell in cells])
        baseline = summarize(peer[key])[0] if peer else None
        target = None if baseline is None or aim is None else round(baseline * aim, 5)
        facts: dict[str, Any] = {"lower_is_better": key in ("seconds", "outside"), "note": f"baseline: {PEER}"}
        if key == "outside":
            facts["note"] += ", its topic -1; here such rows have a topic nevertheless"
        rows.append(
            BenchRow(measure, where, value, unit, baseline, target, len(cells), spread, **(facts if peer else {}))
        )
    return rows


def _million(progress: Progress) -> list[BenchRow]:
    """The whole verb in a process of its own, from the files to the folder."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        mixed = _mixture(folder / "many.npy", np.random.default_rng(0), progress)
        write_stream(_texts(mixed, progress), folder / "many.csv")
        progress("a million rows, topics", 0, 1)
        command = ["-m", "modicum", "topics", str(folder / "many.csv"), "--text", "text"]
        command += ["--vectors", str(folder / "many.npy"), "--out", str(folder / "topics")]
        start = time.perf_counter()
        watched = [sys.executable, "-c", WATCH, sys.executable, *command]
        done = subprocess.run(watched, check=True, capture_output=True, text=True, env=dict(os.environ))
        seconds, peak = time.perf_counter() - start, float(done.stdout.split()[-1]) / 1e6
        progress("a million rows, topics", 1, 1)
    where = f"{ROWS:,} x {WIDTH} vectors of {MIXED} Gaussians, CSV to folder"
    return [
        BenchRow("seconds to find, name and write topics", where, round(seconds, 1), "s", lower_is_better=True),
        BenchRow("peak memory", where, round(peak, 3), "GB", None, GIGABYTES, lower_is_better=True),
    ]


def _mixture(file: Path, rng: np.random.Generator, progress: Progress) -> NDArray[np.int64]:
    """Write vectors of a mixture; returns the Gaussian of each row (N,)."""
    basis = np.linalg.qr(rng.normal(size=(WIDTH, INNER)))[0].T.astype(np.float32)
    middles = rng.normal(size=(MIXED, INNER)).astype(np.float32)
    mixed = rng.choice(MIXED, ROWS, p=rng.dirichlet(np.full(MIXED, 2.0)))
    out = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(ROWS, WIDTH))
    for part in chunks(ROWS, PART):
        progress("mixing vectors", part.start, ROWS)
        near = middles[mixed[part]] + SPREAD * rng.standard_normal((part.stop - part.start, INNER), dtype=np.float32)
        out[part] = near @ basis
    out.flush()
    progress("mixing vectors", ROWS, ROWS)
    return np.asarray(mixed, dtype=np.int64)


def _texts(mixed: NDArray[np.int64], progress: Progress) -> Iterator[dict[str, list[str]]]:
    """A sentence a row, two of whose words tell its Gaussian."""
    for part in chunks(len(mixed), PART):
        progress("writing rows", part.start, len(mixed))
        rows = enumerate(mixed[part].tolist(), start=part.start)
        yield {"text": [f"subject{k} aspect{k}x{row % 7} and remark {row % 997}" for row, k in rows]}
    progress("writing rows", len(mixed), len(mixed))
