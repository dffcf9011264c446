"""A small table about three themes, a clock that is set by hand, and a session on them without any encoder."""

from __future__ import annotations

import numpy as np

from modicum.core.records import LabelSpace, Table
from modicum.workspace.loop import Journal, LoopSettings, Session, Task

THEMES = ("food", "sport", "weather")


class Clock:
    """Seconds, moved by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def world(per_class=12, labelled=0, seed=0):
    """A table of 3 themes whose vectors lie around the axes, its first `labelled` rows of each class labelled."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(3), per_class)
    X = (np.eye(3)[truth] + 0.15 * rng.normal(size=(len(truth), 3))).astype(np.float32)
    texts = tuple(f"about {THEMES[code]}, number {row}" for row, code in enumerate(truth))
    labels = tuple(THEMES[code] if row % per_class < labelled else None for row, code in enumerate(truth))
    table = Table(tuple(map(str, range(len(truth)))), texts, labels, "items.csv", label_column="topic")
    return table, X, truth


SETS = ((), (0,), (1,), (2,), (0, 1), (1, 2), (0,))


def tags_world(rows=70, labelled=0, seed=0):
    """A table whose rows have none, one or two of the themes, its first `labelled` rows labelled, and all the sets."""
    rng = np.random.default_rng(seed)
    truth = [SETS[row % len(SETS)] for row in range(rows)]
    told = np.array([[float(code in found) for code in range(3)] for found in truth])
    X = (np.hstack([told, 1 - told.max(axis=1, keepdims=True)]) + 0.12 * rng.normal(size=(rows, 4))).astype(np.float32)
    texts = tuple(f"about {' and '.join(THEMES[k] for k in found) or 'nothing'}, {n}" for n, found in enumerate(truth))
    cells = ["|".join(sorted(THEMES[k] for k in found)) for found in truth]
    labels = tuple(cell if row < labelled else None for row, cell in enumerate(cells))
    ids = tuple(map(str, range(rows)))
    columns = {"text": list(texts), "topics": [None if label is None else label or "|" for label in labels]}
    table = Table(ids, texts, labels, "tags.csv", label_column="topics", columns=columns, separator="|")
    return table, X, truth


def session(path, table=None, X=None, space=None, settings=None, clock=None):
    """An open session; its caller closes the journal."""
    if table is None:
        table, X, _ = world()
    space = LabelSpace(THEMES) if space is None else space
    return Session(Task(table, space, X), Journal.open(path), settings or LoopSettings(), clock or Clock())
