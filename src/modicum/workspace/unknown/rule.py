"""The rule that marks rows of none of the classes: the model's confidence and the nearest labelled row, together.

Rows without a label are not learnt from: some of them may be of no class, and nobody knows which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks, log_probabilities, normalize_rows
from modicum.vectors.outliers import alarm_threshold, guided_scores, nearest_similarities
from modicum.workspace.exemplars import Exemplars
from modicum.workspace.ladder.held_out import HeldOut
from modicum.workspace.ladder.problem import Problem

Floats = NDArray[np.floating]
MOST = 20_000
"""Labelled rows kept at most, drawn at random."""
BLOCK = 4_000_000
"""Similarities that stand in memory at once."""
ARRAYS = ("unknown.vectors", "unknown.codes", "unknown.held_out")
"""What a bundle's arrays are called."""


@dataclass(frozen=True, eq=False)
class UnknownRule:
    """When a row is of none of the classes."""

    rate: float
    """Share of rows of the classes that may be marked."""
    threshold: float
    """Score under which a row is marked; minus infinity where too few rows were there to set one."""
    guarantee: str
    """What is promised, in a sentence."""
    calibrated_on: int
    """Rows behind the threshold."""
    known: Exemplars
    """Labelled rows, of length 1 and in half precision, among which the nearest one is sought."""
    held_out: Floats
    """The two scores (m, 2) of labelled rows that neither was learnt from: what scores are brought to."""

    def scores(self, X: Floats, proba: Floats) -> NDArray[np.float64]:
        """How typical of the classes rows are (N,), higher is more, from vectors (N, D) and probabilities (N, K)."""
        units = normalize_rows(self.known.vectors.astype(np.float32))
        nearest = nearest_similarities(X.astype(np.float32, copy=False), units, 1)[:, 0]
        return guided_scores(_both(proba, nearest), self.held_out)

    def marks(self, X: Floats, proba: Floats) -> NDArray[np.bool_]:
        """Rows (N,) that are of none of the classes, from vectors (N, D) and calibrated probabilities (N, K)."""
        if len(X) == 0 or not np.isfinite(self.threshold):
            return np.zeros(len(X), dtype=bool)
        return self.scores(X, proba) < self.threshold

    def only(self, keep: NDArray[np.int64]) -> Self:
        """The rule for the classes `keep`, which are numbered anew in that order."""
        said = f"{self.guarantee} Classes were removed after that."
        return replace(self, known=self.known.only(keep), guarantee=said)

    def with_class(self, vectors: Floats, code: int) -> Self:
        """The rule for one more class, with vectors (n, D) of its rows; what is promised is for rows of the others."""
        said = f"{self.guarantee} Classes were added after that: this holds for rows of the others."
        return replace(self, known=self.known.joined(normalize_rows(vectors), code), guarantee=said)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, without the arrays; an infinite threshold is null."""
        finite = self.threshold if np.isfinite(self.threshold) else None
        told = {"rate": self.rate, "threshold": finite, "guarantee": self.guarantee}
        return told | {"calibrated_on": self.calibrated_on}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is stored beside `to_dict`."""
        return dict(zip(ARRAYS, (self.known.vectors, self.known.codes, self.held_out), strict=True))

    @classmethod
    def from_dict(cls, told: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Inverse of `to_dict` and `arrays`."""
        vectors, codes, held_out = (arrays[name] for name in ARRAYS)
        threshold = -np.inf if told["threshold"] is None else float(told["threshold"])
        known, rows = Exemplars(vectors, codes), int(told["calibrated_on"])
        return cls(float(told["rate"]), threshold, str(told["guarantee"]), rows, known, held_out)


def unknown_rule(
    problem: Problem, found: HeldOut, proba: Floats, aside: Floats | None, *, rate: float, seed: int
) -> UnknownRule | None:
    """The rule at a rate of false alarms; None where no row was held out whose class could be learnt without it.

    Args:
        problem: The task.
        found: Held-out answers of the labelled rows.
        proba: Probabilities (m, K) of those rows, as they are sent out.
        aside: Probabilities (n, K) of the rows set aside by the fitted model; None where none were.
        rate: Share of rows of the classes that may be marked, in 0..1.
        seed: Of the draw of labelled rows, where they are many.
    """
    seen = problem.rows[found.rows[found.represented]]
    if len(seen) == 0:
        return None
    rows = problem.rows
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST, replace=False))
    units = normalize_rows(np.asarray(problem.X[rows], dtype=np.float32)).astype(np.float16)
    known = Exemplars(units, problem.codes[rows])
    held_out = _both(proba[found.represented], _nearest_others(problem, seen, rows))
    rule = UnknownRule(rate, -np.inf, "", 0, known, held_out)
    if aside is None or problem.aside is None:
        own, share = guided_scores(held_out, held_out), f"About {100 * rate:.3g} %"
        how = "labelled rows, each compared with the others by a model that did not see it"
    else:
        own, share = rule.scores(problem.X[problem.aside], aside), f"At most {100 * rate:.3g} %"
        how = "rows that nothing else was learnt from"
    threshold = alarm_threshold(own, rate)
    said = f"{share} of the rows of the classes are marked as unknown, on average: calibrated on {len(own):,} {how}."
    if not np.isfinite(threshold):
        said = f"No row is marked as unknown: {len(own):,} labelled rows are too few for so small a rate."
    return replace(rule, threshold=threshold, guarantee=said, calibrated_on=len(own))


def unknown_facts(rule: UnknownRule | None, rate: float, marked: NDArray[np.bool_]) -> dict[str, Any]:
    """What the report tells of a rule that was asked for, and of the unlabelled rows (N,) that it marked."""
    if rule is None:
        said = "No row is marked as unknown: that needs two labelled rows of a class, one to be held out."
        return {"rate": rate, "threshold": None, "guarantee": said, "calibrated_on": 0, "rows": 0, "marked": 0}
    return rule.to_dict() | {"rows": len(marked), "marked": int(marked.sum())}


def _both(proba: Floats, nearest: Floats) -> Floats:
    """The two scores (N, 2) of rows: the logarithm of the highest probability, and the similarity of the nearest."""
    return np.column_stack([log_probabilities(proba.max(axis=1)), nearest]).astype(np.float64)


def _nearest_others(problem: Problem, rows: NDArray[np.int64], reference: NDArray[np.int64]) -> Floats:
    """Similarity (n,) of rows to the nearest reference row that is neither the row itself nor says the same."""
    group = np.arange(len(problem.X)) if problem.groups is None else problem.groups
    units = normalize_rows(np.asarray(problem.X[reference], dtype=np.float32))
    out = np.empty(len(rows), dtype=np.float32)
    for part in chunks(len(rows), max(1, BLOCK // len(reference))):
        similarity = normalize_rows(np.asarray(problem.X[rows[part]], dtype=np.float32)) @ units.T
        similarity[group[rows[part]][:, None] == group[reference]] = -1
        out[part] = similarity.max(axis=1)
    return out
