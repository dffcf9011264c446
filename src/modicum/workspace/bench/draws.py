"""One draw of labels from a collection, and figures gathered over draws into rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.evaluation.bench import BenchRow, few_shot_rows, summarize
from modicum.workspace.bench.tasks import Collection

POOL, HELD = 4_000, 1_000
"""Most rows without a label, and most rows held out."""


@dataclass(frozen=True, eq=False)
class Draw:
    """Row numbers of a collection's pool: labelled, held out (their labels judge or calibrate), without a label."""

    collection: Collection
    labelled: NDArray[np.int64]
    held: NDArray[np.int64]
    unlabelled: NDArray[np.int64]
    seed: int

    def fitted(self, head: Any) -> Any:
        """The head, fitted on all that may be learnt from."""
        of = self.collection
        if "random_state" in head.get_params():
            head.set_params(random_state=self.seed)
        return head.fit(
            of.X[self.labelled],
            of.codes[self.labelled],
            classes=np.arange(len(of.space)),
            class_vectors=of.class_vectors,
            X_unlabelled=of.X[self.unlabelled],
        )


def draw(collection: Collection, shots: int, seed: int) -> Draw:
    """`shots` labels a class; of the rest some rows held out, at most half, and some without a label."""
    rng = np.random.default_rng(seed)
    labelled = few_shot_rows(collection.codes, shots, rng)
    rest = rng.permutation(np.setdiff1d(np.arange(len(collection.codes)), labelled))
    held = min(HELD, len(rest) // 2)
    return Draw(collection, labelled, rest[:held], rest[held : held + POOL], seed)


@dataclass(frozen=True)
class Measure:
    """What is measured, and against what."""

    name: str
    unit: str
    against: str = ""
    lower_is_better: bool = False
    target: float | None = None


@dataclass(frozen=True)
class Figure:
    """One method on one draw, beside the baseline on the same draw; the baseline itself stands beside none."""

    measure: Measure
    method: str | None
    """Key of what is measured; None where that is no method of its own."""
    where: str
    value: float
    baseline: float | None = None


def gather(figures: Iterable[Figure]) -> list[BenchRow]:
    """One row for each method, measure and place."""
    groups: dict[tuple[str | None, Measure, str], list[Figure]] = {}
    for figure in figures:
        groups.setdefault((figure.method, figure.measure, figure.where), []).append(figure)
    return [_row(found) for found in groups.values()]


def _row(found: Sequence[Figure]) -> BenchRow:
    first, measure = found[0], found[0].measure
    value, spread = summarize([figure.value for figure in found])
    pairs = [(figure.value, figure.baseline) for figure in found if figure.baseline is not None]
    return BenchRow(
        measure.name,
        first.where,
        value,
        measure.unit,
        summarize([baseline for _, baseline in pairs])[0] if pairs else None,
        measure.target,
        len(found),
        spread,
        method=first.method,
        against=measure.against if pairs else "",
        lower_is_better=measure.lower_is_better,
        difference_spread=summarize([value - baseline for value, baseline in pairs])[1] if pairs else None,
    )
