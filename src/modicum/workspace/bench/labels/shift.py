"""How well class shares of unlabelled rows are estimated, and whether prediction sets hold, where shares have shifted.

Every draw takes rows of the test set under class shares from a symmetric Dirichlet distribution. The classifier is
softmax regression; held-out posteriors are out-of-fold ones of the labelled rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow, few_shot_rows, shifted_rows, summarize
from modicum.heads import Linear
from modicum.labels.shift import class_shares, confusion_priors, em_priors
from modicum.workspace.bench.tasks import Collection, open_collection

SHOTS, BATCH, FOLDS = 16, 500, 5
Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Draw:
    """One batch: what a method is given, and the shares it should find."""

    held_out: Floats
    codes: NDArray[np.int64]
    proba: Floats
    truth: NDArray[np.int64]

    @property
    def shares(self) -> Floats:
        """Class shares (K,) of the batch."""
        return np.asarray(np.bincount(self.truth, minlength=self.proba.shape[1]) / len(self.truth))


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """L1 error of estimated class shares over `seeds` draws, at 16 labels a class (new ones each draw) and at all."""
    rows: list[BenchRow] = []
    for name in on:
        collection = open_collection(name, root, progress)
        for shots in (SHOTS, None):
            found: dict[str, list[float]] = {}
            where = f"{name} test, {'all' if shots is None else shots} labels{'' if shots is None else ' a class'}"
            for seed, draw in enumerate(draws(collection, shots, seeds)):
                progress(where, seed, seeds)
                for method, shares in estimates(draw).items():
                    found.setdefault(method, []).append(float(np.abs(shares - draw.shares).sum()))
            baseline = float(np.mean(found["no correction"]))
            for method, errors in found.items():
                value, spread = summarize(errors)
                rows.append(BenchRow(f"L1 error, {method}", where, value, "", baseline, None, seeds, spread, NOTE))
    return rows


NOTE = "baseline: mean posterior, no correction"


def estimates(draw: Draw) -> Mapping[str, Floats]:
    """Class shares by every method, from the same posteriors."""
    counts = np.bincount(draw.codes, minlength=draw.proba.shape[1]).astype(np.float64)
    return {
        "class_shares": class_shares(draw.proba, draw.held_out, draw.codes, train_priors=counts).priors,
        "em_priors": em_priors(draw.proba, counts / counts.sum()).priors,
        "confusion_priors, soft": confusion_priors(draw.proba, draw.held_out, draw.codes).priors,
        "confusion_priors, hard": confusion_priors(draw.proba, draw.held_out, draw.codes, soft=False).priors,
        "no correction": draw.proba.mean(axis=0),
    }


def draws(collection: Collection, shots: int | None, seeds: int) -> Iterator[Draw]:
    """Batches of the test set; with `shots`, each has labelled rows of its own."""
    classes = len(collection.space)
    held_out: Floats = np.empty((0, classes))
    proba, codes = held_out, collection.codes
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        if shots is not None or seed == 0:
            rows = np.arange(len(collection.X)) if shots is None else few_shot_rows(collection.codes, shots, rng)
            codes = collection.codes[rows]
            held_out, proba = posteriors(collection.X[rows], codes, collection.X_test, classes)
        batch = shifted_rows(collection.codes_test, BATCH, rng)
        yield Draw(held_out, codes, proba[batch], collection.codes_test[batch])


def posteriors(X: Floats, codes: NDArray[np.int64], X_test: Floats, classes: int) -> tuple[Floats, Floats]:
    """Out-of-fold posteriors (N, K) of the labelled rows, and posteriors of the test rows by a model of all of them."""
    every = np.arange(classes)
    held_out = np.empty((len(codes), classes))
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(X, codes):
        held_out[unseen] = Linear().fit(X[seen], codes[seen], classes=every).predict_proba(X[unseen])
    return held_out, np.asarray(Linear().fit(X, codes, classes=every).predict_proba(X_test), np.float64)
