"""Has the traffic changed? Recent answers beside the answers for the table that the bundle was made on."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from threading import Lock
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import betabinom

from modicum.workspace import Bundle

LEVEL = 0.99
"""Quantile of what is to be expected without any change; beyond it an alarm is due."""
LEAST = 50
"""Recent items under which there is no alarm."""
DRAWS = 400
PARTS = 10
"""Parts of equal size into which predicted numbers are divided."""
NONE = "(none)"
ROUNDING = 1e-9


@dataclass(frozen=True)
class Figures:
    """What recent traffic looks like."""

    items: int
    """Recent items that are held against the table."""
    trained: int
    """Rows of the table; 0 where the bundle does not have its answers, and nothing can be compared."""
    distance: float | None
    """Total variation distance, 0 to 1, between the shares of classes among recent and the table's answers."""
    distance_limit: float | None
    """What it stays under 99 times of 100 where nothing has changed."""
    unknown: float | None
    """Share of recent items of none of the classes."""
    unknown_trained: float | None
    unknown_limit: float | None
    alarm: bool
    """Whether one of the two is over its limit."""
    shares: Mapping[str, tuple[float, float | None]]
    """Share of each class among recent answers and among those for the table."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


class Drift:
    """Counts of recent answers. A text with several labels counts once for each, and one with none as `(none)`.

    Args:
        names: Names (K,) of what is counted: classes, or parts of the range of a predicted number.
        trained: How often each was the answer for a row of the table (K,).
        unknown: Rows of the table of none of the classes, and rows in all; None where that is not told.
        window: Items that count as recent.
        edges: Inner edges of the parts of a range, for numbers.
    """

    def __init__(
        self,
        names: Sequence[str],
        trained: NDArray[np.int64],
        unknown: tuple[int, int] | None,
        window: int,
        edges: NDArray[np.float64] | None = None,
    ) -> None:
        self.names, self.trained, self.unknown, self.edges = tuple(names), trained, unknown, edges
        self._window, self._places = window, {name: place for place, name in enumerate(names)}
        self._recent: deque[tuple[list[int], bool]] = deque()
        self._counts, self._unknown, self._lock = np.zeros(len(names), dtype=np.int64), 0, Lock()
        self._limits: tuple[int, float] = (0, 0.0)

    @classmethod
    def of(cls, bundle: Bundle, answers: Mapping[str, Sequence[Any]], window: int) -> Self:
        """The counts for a bundle and its answers for the table it was made on (columns; they may be missing)."""
        told, edges = list(answers.get("prediction", ())), None
        names: list[str] = [*bundle.classes, NONE]
        if not bundle.classes:
            values = np.asarray(told, dtype=np.float64)
            edges = np.unique(np.quantile(values, np.arange(1, PARTS) / PARTS)) if told else np.empty(0)
            names = _parts(edges)
        marks = answers.get("unknown")
        counted = None if marks is None else (int(sum(marks)), len(marks))
        made = cls(names, np.zeros(len(names), dtype=np.int64), counted, window, edges)
        codes = [code for prediction in told for code in made._codes(prediction)]
        made.trained += np.bincount(codes, minlength=len(names)).astype(np.int64) if codes else 0
        return made

    def observe(self, predictions: Sequence[Any], unknown: Sequence[bool] | None) -> None:
        """Take in answers: classes, lists of labels, or numbers."""
        marks = unknown if unknown is not None else [False] * len(predictions)
        coded = [(self._codes(prediction), bool(mark)) for prediction, mark in zip(predictions, marks, strict=True)]
        with self._lock:
            for codes, mark in coded:
                self._recent.append((codes, mark))
                self._counts[codes] += 1
                self._unknown += mark
                if len(self._recent) > self._window:
                    old, gone = self._recent.popleft()
                    self._counts[old] -= 1
                    self._unknown -= gone

    def figures(self) -> Figures:
        """How recent answers compare with those for the table."""
        with self._lock:
            counts, items, unknown = self._counts.copy(), len(self._recent), self._unknown
        recent, trained = _shares(counts), _shares(self.trained)
        distance = limit = rate = before = most = None
        if items and self.trained.any():
            distance, limit = float(np.abs(recent - trained).sum() / 2), self._limit(int(counts.sum()))
        if items and self.unknown is not None:
            marked, rows = self.unknown
            rate, before = unknown / items, marked / max(rows, 1)
            most = max(1.0, float(betabinom.ppf(LEVEL, items, marked + 1, rows - marked + 1))) / items
        over = _over(distance, limit) or _over(rate, most)
        told = trained.tolist() if self.trained.any() else [None] * len(self.names)
        shown = zip(self.names, recent.tolist(), told, strict=True)
        shares = {name: (now, then) for name, now, then in shown if name != NONE or now or then}
        rows = self.unknown[1] if self.unknown else int(self.trained.sum())
        return Figures(items, rows, distance, limit, rate, before, most, over and items >= LEAST, shares)

    def _limit(self, recent: int) -> float:
        """Quantile of the distance between two samples of the table's shares, of `recent` and of the table's size.

        Half a row more for each class (Jeffreys' prior), as what the table lacks is rare and not impossible; and never
        less than what one item makes.
        """
        if self._limits[0] != recent:
            rng, rows = np.random.default_rng(0), int(self.trained.sum())
            shares = (self.trained + 0.5) / (rows + 0.5 * len(self.trained))
            drawn = [rng.multinomial(size, shares, DRAWS) / size for size in (recent, rows)]
            found = float(np.quantile(np.abs(drawn[0] - drawn[1]).sum(axis=1) / 2, LEVEL))
            self._limits = recent, max(found, 1 / recent)
        return self._limits[1]

    def _codes(self, prediction: Any) -> list[int]:
        if self.edges is not None:
            return [int(np.searchsorted(self.edges, prediction, side="right"))]
        names = prediction if isinstance(prediction, list) else [prediction]
        codes = [self._places[name] for name in names if name in self._places]
        return codes or [len(self.names) - 1]


def _over(figure: float | None, limit: float | None) -> bool:
    """Whether there is a limit, and the figure is over it by more than rounding."""
    return figure is not None and limit is not None and figure - limit > ROUNDING


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(counts / max(int(counts.sum()), 1))


def _parts(edges: NDArray[np.float64]) -> list[str]:
    """Names of the parts of a range."""
    if not len(edges):
        return ["all"]
    told = [f"{edge:.4g}" for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(told)]
    return [f"under {told[0]}", *between, f"from {told[-1]}"]
