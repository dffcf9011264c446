"""What totals of bags are worth: a classifier from class proportions alone beside one from every label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modicum.core.arrays import class_means, one_hot
from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow, summarize
from modicum.heads import Linear
from modicum.labels.partial import learn_from_proportions
from modicum.workspace.bench.tasks import Collection, open_collection

BAG, TARGET = 16, 0.8


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Test accuracy from random bags of 16, over `seeds` draws of bags; the target is four fifths of the baseline."""
    rows: list[BenchRow] = []
    for name in on:
        collection = open_collection(name, root, progress)
        full = float(Linear().fit(collection.X, collection.codes).score(collection.X_test, collection.codes_test))
        found = []
        for seed in range(seeds):
            progress(f"{name}, bags of {BAG}", seed, seeds)
            found.append(_accuracy(collection, seed))
        value, spread = summarize(found)
        where, note = f"{name} test, bags of {BAG}", "baseline: softmax regression on every label"
        rows.append(BenchRow("accuracy, proportions", where, value, "share", full, TARGET * full, seeds, spread, note))
    return rows


def _accuracy(collection: Collection, seed: int) -> float:
    count = len(collection.X) // BAG * BAG
    order = np.random.default_rng(seed).permutation(len(collection.X))[:count]
    bags = np.arange(count) // BAG
    shares = class_means(one_hot(collection.codes[order], len(collection.space)), one_hot(bags, count // BAG))
    found = learn_from_proportions(collection.X[order], bags, shares).predict_proba(collection.X_test).argmax(axis=1)
    return float((found == collection.codes_test).mean())
