"""Chosen rows: importance weights beside the authors' package, memory, what choices are worth, and distilled rows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from modicum.core.arrays import one_hot
from modicum.core.progress import Progress
from modicum.data.distill import distill_vectors, fit_distilled
from modicum.data.select import (
    Selection,
    diverse_sample,
    fit_importance,
    importance_resampling,
    nearest_coreset,
    quality_filter,
    quantize,
)
from modicum.data.write import write_stream, write_table
from modicum.evaluation.bench import BenchRow, few_shot_rows, load_collection
from modicum.heads import ClassMean, Linear
from modicum.workspace.bench.draws import POOL, Figure, Measure, gather
from modicum.workspace.bench.peer import ask_peer
from modicum.workspace.bench.scale import peak_memory
from modicum.workspace.bench.tasks import Collection, open_collection
from modicum.workspace.tuning.tuner import missing
from modicum.workspace.weights.room import weights_room

LINES, LARGER = 100_000, 4
GOAL, FASTER, FLAT = 0.99, 3.0, 1.2
KEPT, SHOWN = 2_000, 100
PER_CLASS = 5

Texts = Sequence[str]
Rng = np.random.Generator
Floats = NDArray[np.floating]

RANDOM = "rows chosen at random"
LIKE = Measure("share of the choice that is of the target's kind", "share", RANDOM)
LEARNT = Measure("accuracy of Linear on the chosen rows", "share", RANDOM)
DISTILLED = Measure("accuracy, 1 synthetic vector a class", "share", "the mean of each class")
DISTIL, TRAJECTORIES = "data.distill_vectors", "weights.TrajectoryMatching"
"""Both are measured where torch is installed, else the first alone."""

FOR_TARGET: Mapping[str, Callable[[Texts, Texts, Floats, Floats, Rng], Selection]] = {
    "data.importance_resampling": lambda pool, target, X, T, rng: importance_resampling(pool, target, KEPT, rng=rng),
    "data.quality_filter": lambda pool, target, X, T, rng: quality_filter(X, T, KEPT, rng=rng),
    "data.nearest_coreset": lambda pool, target, X, T, rng: nearest_coreset(X, T, KEPT, rng=rng),
}
FOR_VARIETY: Mapping[str, Callable[[Floats, int, Rng], Selection]] = {
    "data.diverse_sample": lambda X, keep, rng: diverse_sample(X, keep, rng=rng),
    "data.quantize": lambda X, keep, rng: quantize(X, keep, rng=rng),
}


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Importance weights on lines made of all collections; then each choice, and distilled rows, on each of them."""
    tables = {name: load_collection(name, root) for name in on}
    lines = made_lines([list(train.texts) for train, _ in tables.values()], LINES, np.random.default_rng(0))
    target = list(tables[on[0]][1].texts)
    rows = [*_weights(lines, target, f"{LINES:,} lines, target {on[0]} test"), *_memory(lines, target, progress)]
    collections = {name: open_collection(name, root, progress) for name in on}
    figures: list[Figure] = []
    for seed in range(seeds):
        progress("choices", seed, seeds)
        for name, collection in collections.items():
            figures += [*_distilled(collection, seed), *_varied(collection, seed)]
            texts = {key: list(train.texts) for key, (train, _) in tables.items()}
            figures += _like(name, texts, collections, list(tables[name][1].texts), seed)
    progress("choices", seeds, seeds)
    return [*rows, *gather(figures)]


def made_lines(texts: Sequence[Texts], count: int, rng: Rng) -> list[str]:
    """Lines of two texts each, both of one random collection."""
    of = rng.integers(len(texts), size=(count, 1))
    sizes = np.array([len(one) for one in texts])
    picks = (rng.random((count, 2)) * sizes[of]).astype(np.int64)
    pairs = zip(of[:, 0].tolist(), picks.tolist(), strict=True)
    return [" ".join(" ".join(texts[number][row].split()) for row in rows) for number, rows in pairs]


def _weights(lines: Texts, target: Texts, where: str) -> list[BenchRow]:
    """Log weights of all lines: their rank correlation with the authors', and how many times as fast."""
    start = time.perf_counter()
    found = fit_importance(lines, target, smoothing=0).log_weights(lines)
    seconds = time.perf_counter() - start
    key = "data.importance_resampling"
    told = {"pool": _by_line(lines), "target": _by_line(target)}
    peer = ask_peer("importance.py", {"weights": told})
    if not peer:
        return [BenchRow("seconds, importance weights", where, round(seconds, 3), "s", method=key)]
    theirs = peer["weights"]
    rank = float(spearmanr(found, theirs["weights"]).statistic)
    off = float(np.abs(found - np.array(theirs["weights"])).max())
    note = f"data-selection 1.0.3, one process: {theirs['seconds']:.1f} s, modicum {seconds:.1f} s"
    same = f"largest difference of log weights {off:.1e}"
    return [
        BenchRow("rank correlation with the authors' weights", where, round(rank, 6), "", target=GOAL, note=same),
        BenchRow("times as fast", where, round(theirs["seconds"] / seconds, 3), "ratio", target=FASTER, note=note),
    ]


def _by_line(texts: Texts) -> NDArray[np.uint8]:
    """Texts as bytes, each on a line of its own."""
    return np.frombuffer("\n".join(" ".join(text.split()) for text in texts).encode(), dtype=np.uint8)


def _memory(lines: Texts, target: Texts, progress: Progress) -> list[BenchRow]:
    """Peak memory of `modicum select` on the lines, and on several times as many."""
    peaks = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_table(folder / "target.csv", {"text": target})
        for times in (1, LARGER):
            progress("memory", times, LARGER)
            write_stream(({"text": lines} for _ in range(times)), folder / "pool.csv")
            asked = ["select", str(folder / "pool.csv"), "--target", str(folder / "target.csv"), "--text", "text"]
            peaks.append(peak_memory([*asked, "--keep", str(KEPT), "--out", str(folder / "chosen.csv")]))
    where = f"modicum select, {KEPT:,} of {len(lines):,} and of {LARGER * len(lines):,} lines"
    ratio = round(peaks[1] / peaks[0], 3)
    note = f"{peaks[0]:.3f} and {peaks[1]:.3f} GB"
    return [BenchRow("growth of peak memory", where, ratio, "ratio", target=FLAT, note=note, lower_is_better=True)]


def _like(
    name: str, texts: Mapping[str, Texts], collections: Mapping[str, Collection], shown: Texts, seed: int
) -> Iterator[Figure]:
    """How much of a choice from all collections is of the one that a few rows were shown of."""
    pool = [text for part in texts.values() for text in part]
    kind = np.repeat(list(texts), [len(part) for part in texts.values()])
    X = np.concatenate([collections[key].X for key in texts])
    rows = np.random.default_rng(seed).permutation(len(shown))[:SHOWN]
    plain = float((kind == name).mean())
    where = f"{KEPT:,} of {len(pool):,} rows of {len(texts)} collections, {SHOWN} rows of {name} shown"
    for key, choose in FOR_TARGET.items():
        rng = np.random.default_rng(seed)
        found = choose(pool, [shown[row] for row in rows], X, collections[name].X_test[rows], rng)
        yield Figure(LIKE, key, where, float((kind[found.rows] == name).mean()), plain)


def _varied(collection: Collection, seed: int) -> Iterator[Figure]:
    """Accuracy learnt from rows that were chosen for variety, all labelled, against as many random rows."""
    rows = np.random.default_rng(seed).permutation(len(collection.X))[:POOL]
    keep = min(PER_CLASS * len(collection.space), len(rows))
    plain = _accuracy(collection, rows[:keep])
    where = f"{collection.name} test, {keep} of {len(rows):,} rows labelled"
    for key, choose in FOR_VARIETY.items():
        found = choose(collection.X[rows], keep, np.random.default_rng(seed))
        yield Figure(LEARNT, key, where, _accuracy(collection, rows[found.rows]), plain)


def _distilled(collection: Collection, seed: int) -> Iterator[Figure]:
    """One synthetic vector a class, learnt from all labels, against the class means and one real row a class."""
    codes, classes = collection.codes, len(collection.space)
    head, mean = (kind.fit(collection.X, codes, classes=np.arange(classes)) for kind in (Linear(), ClassMean()))
    means = float(mean.score(collection.X_test, collection.codes_test))
    X, tested = (np.column_stack([rows, np.ones(len(rows))]) for rows in (collection.X, collection.X_test))
    one = _accuracy(collection, few_shot_rows(codes, 1, np.random.default_rng(seed)))
    scored = {
        (DISTIL, way): tested @ fit_distilled(distill_vectors(X, targets))
        for way, targets in (("labels", one_hot(codes, classes)), ("scores of Linear", head.scores(collection.X)))
    }
    if missing() is None:
        weights, biases = weights_room("distill").match_trajectories(collection.X, codes, classes, seed=seed).head()
        scored[TRAJECTORIES, "labels"] = collection.X_test @ weights + biases
    for (key, way), scores in scored.items():
        value = float((scores.argmax(axis=1) == collection.codes_test).mean())
        where = f"{collection.name} test, from all {way}"
        # Rows distilled in closed form are the same with every seed: once is all there is to compare with the means.
        if seed == 0 or key == TRAJECTORIES:
            yield Figure(DISTILLED, key, where, value, means)
        yield Figure(replace(DISTILLED, against="one random real row of each class"), key, where, value, one)


def _accuracy(collection: Collection, rows: NDArray[np.int64]) -> float:
    head = Linear().fit(collection.X[rows], collection.codes[rows], classes=np.arange(len(collection.space)))
    return float(head.score(collection.X_test, collection.codes_test))
