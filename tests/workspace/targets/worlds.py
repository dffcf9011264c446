"""Tables of several labels and of numbers whose vectors tell the target up to noise."""

from __future__ import annotations

import numpy as np

from modicum.core import Table

NAMES = ("red", "round", "heavy")


def table_of(labels, hidden, separator=None):
    ids = tuple(map(str, range(len(labels))))
    texts = tuple(f"text {i} of its own words {i * 7919}" for i in range(len(labels)))
    return Table(ids, texts, tuple(labels), "t.csv", "text", "target", hidden=tuple(hidden), separator=separator)


def labels_world(rows=200, known=120, seed=0, noise=0.5):
    """Three independent labels, each a half-space of the vectors."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 8)).astype(np.float32)
    Y = X[:, :3] + noise * rng.normal(size=(rows, 3)) > 0.4
    joined = ["|".join(sorted(n for n, y in zip(NAMES, row, strict=True) if y)) for row in Y]
    return table_of(*split(joined, known), separator="|"), X, Y


def number_world(rows=240, known=140, seed=0, noise=0.5):
    """A number that is linear in the vectors, and noise of a known size."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 6)).astype(np.float32)
    y = 50 + X @ np.arange(1.0, 7.0) + noise * rng.normal(size=rows)
    return table_of(*split([repr(float(v)) for v in y], known)), X, y


def split(values, known):
    """Labels, and hidden labels of the others."""
    labels = [v if i < known else None for i, v in enumerate(values)]
    return labels, [None if i < known else v for i, v in enumerate(values)]
