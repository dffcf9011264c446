"""Modes of the encoder: texts a second, agreement, and the accuracy that each leaves."""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modicum.core.progress import Progress
from modicum.core.protocols import Encoder
from modicum.core.records import LabelSpace
from modicum.data.read import label_space
from modicum.encoders import MODES, FolderEncoder, in_mode, resolve
from modicum.evaluation.bench import BenchRow, few_shot_rows, load_collection, summarize
from modicum.heads import NamesAndShots
from modicum.labels.weak import BalancedSelfTraining
from modicum.workspace.bench.peak import matrix_product_peak, operations_per_text
from modicum.workspace.cascade import fit_cascade

SHOTS = 10
TOLERANCE = 0.005
TIMED = 2_048
"""Texts that are timed."""
ROUNDS = 3
PEER = "sentence_transformers"
TARGETS = {"exact": 1.4, "fast": 2.5, "static": 100.0}
"""Times as fast as sentence-transformers."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """A collection as one encoder has it: rows to learn from, test rows, class names."""

    X: NDArray[np.float32]
    X_test: NDArray[np.float32]
    names: NDArray[np.float32]


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Speed, agreement and accuracy of every mode, and of the cascade; beside sentence-transformers if installed."""
    rows: list[BenchRow] = []
    for name in on:
        train, test = load_collection(name, root)
        space = label_space(train, None)
        (codes, _), (truth, _) = space.encode(train.labels), space.encode(test.labels)
        exact = resolve(None, train.texts)
        if not isinstance(exact, FolderEncoder):
            continue
        encoders = {mode: in_mode(exact, mode) for mode in MODES}
        peer = _peer_pace(exact, train.texts)
        paces = {mode: pace(encoder, train.texts) for mode, encoder in encoders.items()}
        encoded = {}
        for number, (mode, encoder) in enumerate(encoders.items()):
            progress(f"{name}, modes", number, len(encoders))
            encoded[mode] = encode_parts(encoder, train.texts, test.texts, space)
        progress(f"{name}, modes", len(encoders), len(encoders))
        where = f"{name} train"
        for mode, found in paces.items():
            target = None if peer is None else round(TARGETS[mode] * peer, 1)
            note = "" if peer is None else "baseline: sentence-transformers on the same weights and threads"
            rows.append(BenchRow(f"{mode}, speed", where, round(found, 1), "texts/s", peer, target, note=note))
        rows.append(_peak_share(exact, train.texts, paces["exact"], where))
        rows += _agreement(encoded, where)
        reached = accuracies(encoded, codes, truth, SHOTS, seeds)
        rows += _accuracy_rows(reached, f"{name} test, {SHOTS} labels a class")
        rows += _cascade(encoded, codes, truth, paces, f"{name} test, {SHOTS} labels a class")
    return rows


def _peak_share(exact: FolderEncoder, texts: Sequence[str], found: float, where: str) -> BenchRow:
    """What the exact mode's matrix products reach of those of one large product."""
    share = found * operations_per_text(exact, _sample(texts)) / matrix_product_peak()
    note = "operations of the layers' products on word pieces without padding, against one large product in numpy"
    return BenchRow("exact, share of matrix-product peak", where, round(share, 3), "share", None, 0.8, note=note)


def _sample(texts: Sequence[str]) -> list[str]:
    return [texts[row] for row in np.linspace(0, len(texts) - 1, TIMED).astype(int)]


def pace(encoder: Encoder, texts: Sequence[str]) -> float:
    """Texts a second, the median of some rounds on a sample that is warm."""
    sample = _sample(texts)
    encoder.encode(sample[:64])
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        encoder.encode(sample)
        seconds.append(time.perf_counter() - start)
    return len(sample) / float(np.median(seconds))


def _peer_pace(exact: FolderEncoder, texts: Sequence[str]) -> float | None:
    """The same of sentence-transformers on the same weights; None where it is not installed."""
    if find_spec(PEER) is None:
        return None
    model = importlib.import_module(PEER).SentenceTransformer(str(exact.layout.folder), device="cpu")
    return round(pace(model, texts), 1)


def encode_parts(encoder: Encoder, train: Sequence[str], test: Sequence[str], space: LabelSpace) -> Encoded:
    """Encode a collection, without the cache."""
    return Encoded(encoder.encode(train), encoder.encode(test), encoder.encode(space.texts()))


def _agreement(encoded: dict[str, Encoded], where: str) -> list[BenchRow]:
    cosines = (encoded["exact"].X * encoded["fast"].X).sum(axis=1)
    return [
        BenchRow("fast, mean cosine to exact", where, round(float(cosines.mean()), 5), ""),
        BenchRow("fast, least cosine to exact", where, round(float(cosines.min()), 5), ""),
    ]


def accuracies(
    encoded: Mapping[str, Encoded], codes: NDArray[np.int64], truth: NDArray[np.int64], shots: int, seeds: int
) -> dict[str, list[float]]:
    """Accuracy of names and shots on the vectors of each encoder, a value for each draw; the same labels for all."""
    found: dict[str, list[float]] = {kind: [] for kind in encoded}
    for seed in range(seeds):
        rows = few_shot_rows(codes, shots, np.random.default_rng(seed))
        for kind, told in encoded.items():
            head = NamesAndShots().fit(
                told.X[rows], codes[rows], classes=np.arange(len(told.names)), class_vectors=told.names
            )
            found[kind].append(float((head.predict(told.X_test) == truth).mean()))
    return found


def _accuracy_rows(found: Mapping[str, Sequence[float]], where: str) -> list[BenchRow]:
    exact = summarize(found["exact"])[0]
    return [
        BenchRow(f"{mode}, accuracy", where, *_first(values), exact, None, len(values), summarize(values)[1])
        for mode, values in found.items()
    ]


def _first(values: Sequence[float]) -> tuple[float, str]:
    return summarize(values)[0], "share"


def _cascade(
    encoded: dict[str, Encoded],
    codes: NDArray[np.int64],
    truth: NDArray[np.int64],
    paces: dict[str, float],
    where: str,
) -> list[BenchRow]:
    """A cascade whose teacher is self-training on exact vectors."""
    exact, static = encoded["exact"], encoded["static"]
    rows = few_shot_rows(codes, SHOTS, np.random.default_rng(0))
    pool = np.setdiff1d(np.arange(len(codes)), rows)
    teacher = BalancedSelfTraining().fit(
        exact.X[rows],
        codes[rows],
        classes=np.arange(len(exact.names)),
        class_vectors=exact.names,
        X_unlabelled=exact.X[pool],
    )
    told = teacher.predict_proba(exact.X)
    cascade = fit_cascade(static.X, told, tolerance=TOLERANCE, rng=np.random.default_rng(0)).cascade
    own = cascade.proba(static.X_test)
    sure = cascade.sure(own)
    alone = teacher.predict(exact.X_test)
    answers = np.where(sure, own.argmax(axis=1), alone)
    speedup = 1 / (1 - float(sure.mean()) + paces["exact"] / paces["static"])
    accuracy = float((alone == truth).mean())
    return [
        BenchRow("cascade, accuracy", where, round(float((answers == truth).mean()), 5), "share", accuracy),
        BenchRow("cascade, share by static vectors", where, round(float(sure.mean()), 5), "share"),
        BenchRow("cascade, speed", where, round(speedup, 3), "times exact", 1.0, 3.0),
    ]
