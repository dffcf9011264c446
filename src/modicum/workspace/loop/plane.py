"""The rows in two dimensions, for a map that is drawn on: made once, in the background, when somebody looks."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks, normalize_rows
from modicum.vectors.shape import layout
from modicum.workspace.loop.session import Session

LANDMARKS, POINTS = 1_500, 10_000
"""Rows that are laid out, and rows that are shown: the others lie among their nearest landmarks."""
NEAREST = 3


def plane(X: NDArray[np.floating], labelled: NDArray[np.bool_], seed: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Rows to show (P,), ascending, and their places (P, 2) from 0 to 1; labelled rows come first where not all fit.

    Cost: that of a layout of `LANDMARKS` rows, and O(P LANDMARKS D).
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))
    rows = np.sort(order[np.argsort(~labelled[order], kind="stable")][:POINTS])
    if len(rows) < 5:
        return rows, np.stack([np.linspace(0.2, 0.8, len(rows)), np.full(len(rows), 0.5)], axis=1)
    marks = np.sort(rng.permutation(len(rows))[:LANDMARKS])
    at = layout(np.asarray(X[rows[marks]]), seed=seed)
    at = (at - at.min(axis=0)) / np.maximum(np.ptp(at, axis=0).max(), 1e-9)
    near = normalize_rows(np.asarray(X[rows[marks]], dtype=np.float32))
    places = np.empty((len(rows), 2))
    for part in chunks(len(rows), 2_048):
        close = normalize_rows(np.asarray(X[rows[part]], dtype=np.float32)) @ near.T
        best = np.argsort(-close, axis=1)[:, :NEAREST]
        weight = np.exp(20 * (np.take_along_axis(close, best, axis=1) - close.max(axis=1, keepdims=True)))
        weight /= weight.sum(axis=1, keepdims=True)
        places[part] = (weight[..., None] * at[best]).sum(axis=1) + rng.normal(0, 0.004, (part.stop - part.start, 2))
    places[marks] = at
    return rows, places


class Plane:
    """The map of a session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._made: tuple[NDArray[np.int64], NDArray[Any]] | None = None
        self._thread: threading.Thread | None = None

    def _make(self) -> None:
        session = self.session
        self._made = plane(session.task.X, session.board.labelled, session.settings.seed)

    def points(self) -> dict[str, Any] | None:
        """Rows, places, labels, predictions and suspicion as parallel lists; None while places are being made.

        `label` colours a point: -1 where there is no label, less where it is known that the row has none. `sets` are
        all labels of the rows, where they may have several.
        """
        if self._made is None:
            if self._thread is None:
                self._thread = threading.Thread(target=self._make, name="plane", daemon=True)
                self._thread.start()
            return None
        rows, places = self._made
        session = self.session
        with session.lock:
            codes, lesson, measured = session.board.colours()[rows], session.lesson, session.measured
            sets = [session.board.label(row) for row in rows.tolist()] if session.form.several else None
            suspects = {suspect.row for suspect in measured.suspects} if measured else set()
            current = [session.state.current(number) for number in lesson.numbers] if lesson else []
        guessed = np.full(len(rows), -1)
        if lesson is not None and lesson.fitted is not None:
            guessed = np.array(current)[lesson.proba(session.task.X[rows]).argmax(axis=1)]
        return {
            "rows": rows.tolist(),
            "x": places[:, 0].round(4).tolist(),
            "y": places[:, 1].round(4).tolist(),
            "label": codes.tolist(),
            "sets": sets,
            "guess": guessed.tolist(),
            "suspect": [int(row in suspects) for row in rows.tolist()],
        }
