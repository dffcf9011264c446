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


def session(path, table=None, X=None, space=None, settings=None, clock=None):
    """An open session; its caller closes the journal."""
    if table is None:
        table, X, _ = world()
    space = LabelSpace(THEMES) if space is None else space
    return Session(Task(table, space, X), Journal.open(path), settings or LoopSettings(), clock or Clock())
