"""The rule that marks rows of none of the classes: a linear rule's confidence and the nearest labelled row, together.

Rows without a label may be of a class or of none, and nobody knows which. Where so many of them look like none that
chance does not explain it, a third score counts: whether a row lies closer to labelled rows than to unlabelled ones.
Where they do not, it is left out, because it would hold against a row that it looks like others of its own class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks, log_softmax, normalize_rows
from modicum.core.linear_head import LinearHead
from modicum.core.softmax import Rule, fit_row
from modicum.vectors.outliers import alarm_threshold, guided_scores, nearest_similarities
from modicum.workspace.exemplars import Exemplars
from modicum.workspace.ladder.climb import Climb, Trial
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.registry import method

Floats = NDArray[np.floating]
MOST = 20_000
"""Labelled rows kept at most, drawn at random."""
BLOCK = 4_000_000
"""Similarities that stand in memory at once."""
CHUNK = 16_384
ARRAYS = tuple(f"unknown.{name}" for name in ("vectors", "codes", "coef", "intercept", "held_out", "pool"))
"""What a bundle's arrays are called."""
POOL, CROWD = 5_000, 10
"""Unlabelled rows kept at most, drawn at random, and how many of the nearest a row is compared with."""
LEVEL, EXCESS = 0.2, 0.1
"""Unlabelled rows are compared with where the share of them that is marked, at the rate `LEVEL`, is above it by more
than `EXCESS`, and by more than three standard errors. On banking77 with half of the classes known, at 8 labels a class,
the share was above by 0.24 where half or more of the unlabelled rows were of no class, and the AUROC went from 0.868 to
0.90; by 0.03 where a tenth were, and it would have gone to 0.843; by -0.04 where none was, and to 0.815."""
COPY = 1 - 1e-3
"""Cosine from which on an unlabelled row, in half precision, is taken for the row itself."""
APART = "rows that nothing else was learnt from"
WITNESSES: Mapping[str, int] = MappingProxyType({"heads.NamesAndShots": 2, "heads.Linear": 1})
"""Preferred over others, the highest most: on banking77 with half of the classes known their confidence told most."""


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
    rule: Rule
    """Weights (K, D) and intercepts (K,) of the linear rule whose confidence counts."""
    held_out: Floats
    """Scores of labelled rows that were not learnt from (m, 2), or (m, 3) where there is a pool, among which scores are
    ranked."""
    pool: Floats
    """Unlabelled rows (R, D) that are compared with, of length 1 and in half precision; none where R is 0."""

    def scores(self, X: Floats) -> NDArray[np.float64]:
        """How typical of the classes vectors (N, D) are (N,), higher is more."""
        units = normalize_rows(self.known.vectors.astype(np.float32))
        rows = X.astype(np.float32, copy=False)
        nearest = nearest_similarities(rows, units, 1)[:, 0]
        parts = [rows[part] @ self.rule[0].T + self.rule[1] for part in chunks(len(rows), CHUNK)]
        told = _both(np.concatenate(parts), nearest)
        if len(self.pool):
            told = np.column_stack([told, nearest - _crowd(rows, self.pool)])
        return guided_scores(told, self.held_out)

    def marks(self, X: Floats) -> NDArray[np.bool_]:
        """Rows (N,) that are of none of the classes, from vectors (N, D)."""
        if len(X) == 0 or not np.isfinite(self.threshold):
            return np.zeros(len(X), dtype=bool)
        return self.scores(X) < self.threshold

    def only(self, keep: NDArray[np.int64]) -> Self:
        """The rule for the classes `keep`, which are numbered anew in that order."""
        said = f"{self.guarantee} Classes were removed after that."
        coef, intercept = self.rule
        return replace(self, known=self.known.only(keep), rule=(coef[keep], intercept[keep]), guarantee=said)

    def with_class(self, vectors: Floats, code: int) -> Self:
        """The rule for one more class, with vectors (n, D) of its rows; what is promised is for rows of the others."""
        said = f"{self.guarantee} Classes were added after that: this holds for rows of the others."
        known = self.known.joined(normalize_rows(vectors), code)
        new = known.codes == code
        balance = new.sum() * len(np.unique(known.codes[~new])) / max(int((~new).sum()), 1)
        weight = np.where(new, 1.0, balance)
        w, c = fit_row(known.vectors.astype(np.float64), new, self.rule, sample_weight=weight)
        rule = np.append(self.rule[0], [w], axis=0), np.append(self.rule[1], c)
        return replace(self, known=known, rule=rule, guarantee=said)

    def recalibrated(self, X: Floats) -> Self:
        """The rule with a threshold by vectors (n, D) of rows of the classes that nothing was learnt from."""
        own = self.scores(X)
        threshold = alarm_threshold(own, self.rate)
        said = _promise(f"At most {100 * self.rate:.3g} %", threshold, len(own), APART)
        return replace(self, threshold=threshold, guarantee=said, calibrated_on=len(own))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, without the arrays; an infinite threshold is null."""
        finite = self.threshold if np.isfinite(self.threshold) else None
        told = {"rate": self.rate, "threshold": finite, "guarantee": self.guarantee}
        return told | {"calibrated_on": self.calibrated_on}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is stored beside `to_dict`."""
        stored = self.known.vectors, self.known.codes, *self.rule, self.held_out, self.pool
        return dict(zip(ARRAYS, stored, strict=True))

    @classmethod
    def from_dict(cls, told: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Inverse of `to_dict` and `arrays`."""
        vectors, codes, coef, intercept, held_out, pool = (arrays[name] for name in ARRAYS)
        threshold = -np.inf if told["threshold"] is None else float(told["threshold"])
        known, said, rows = Exemplars(vectors, codes), str(told["guarantee"]), int(told["calibrated_on"])
        return cls(float(told["rate"]), threshold, said, rows, known, (coef, intercept), held_out, pool)


def witness(climbed: Climb) -> Trial | None:
    """The recipe whose confidence counts: a linear rule on the vectors as they are that looks at labelled rows alone.

    It need not be what is shipped: recipes that learn from unlabelled rows grow sure of rows of no class, too.
    """
    fit = [t for t in climbed.tried if len(t.recipe.steps) == 1 and t.recipe.rung == 1]
    linear = [t for t in fit if issubclass(method(t.recipe.steps[0].method).load(), LinearHead)]
    return max(linear, key=lambda trial: WITNESSES.get(trial.recipe.steps[0].method, 0), default=None)


def unknown_rule(
    problem: Problem,
    seen: NDArray[np.int64],
    held_scores: Floats,
    rule: Rule,
    *,
    rate: float,
    seed: int,
) -> UnknownRule | None:
    """The rule at a rate of false alarms; None where no row was held out whose class could be learnt without it.

    Args:
        problem: The task.
        seen: Rows (m,), by their place among the labelled ones, that were held out and whose class was not.
        held_scores: Scores (n, K) of the labelled rows, each by a linear rule that did not see it.
        rule: Weights (K, D) and intercepts (K,) of the linear rule of all labelled rows.
        rate: Share of rows of the classes that may be marked, in 0..1.
        seed: Of the draw of labelled rows, where they are many.
    """
    if len(seen) == 0:
        return None
    rows = problem.rows
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST, replace=False))
    units = normalize_rows(np.asarray(problem.X[rows], dtype=np.float32)).astype(np.float16)
    known = Exemplars(units, problem.codes[rows])
    held_out = _both(held_scores[seen], _nearest_others(problem, problem.rows[seen], rows))
    found = UnknownRule(rate, -np.inf, "", 0, known, rule, held_out, units[:0])
    found = _with_pool(found, problem, problem.rows[seen], seed)
    if problem.aside is None:
        own, share = _among_others(found.held_out), f"About {100 * rate:.3g} %"
        how = "labelled rows, each compared with the others by a rule that did not see it"
    else:
        own, share, how = found.scores(problem.X[problem.aside]), f"At most {100 * rate:.3g} %", APART
    threshold = alarm_threshold(own, rate)
    said = _promise(share, threshold, len(own), how)
    if len(found.pool):
        said += f" Many unlabelled rows look like no class, so rows are compared with {len(found.pool):,} of them, too."
    return replace(found, threshold=threshold, guarantee=said, calibrated_on=len(own))


def _promise(share: str, threshold: float, rows: int, how: str) -> str:
    """What a threshold promises that was set by so many labelled rows."""
    if not np.isfinite(threshold):
        return f"No row is marked as unknown: {rows:,} labelled rows are too few for so small a rate."
    return f"{share} of the rows of the classes are marked as unknown, on average: calibrated on {rows:,} {how}."


def _with_pool(found: UnknownRule, problem: Problem, seen: NDArray[np.int64], seed: int) -> UnknownRule:
    """The rule with unlabelled rows to compare with, where many of them look like none of the classes."""
    pool = problem.unlabelled_rows
    if len(pool) <= CROWD:
        return found
    pool = np.sort(np.random.default_rng(seed).permutation(pool)[:POOL])
    X = np.asarray(problem.X[pool], dtype=np.float32)
    excess = float((found.scores(X) < alarm_threshold(_among_others(found.held_out), LEVEL)).mean()) - LEVEL
    doubt = np.sqrt(LEVEL * (1 - LEVEL) * (1 / len(seen) + 1 / len(pool)))
    if excess <= max(EXCESS, 3 * doubt):
        return found
    units = normalize_rows(X).astype(np.float16)
    crowd = _crowd(np.asarray(problem.X[seen], dtype=np.float32), units)
    return replace(found, pool=units, held_out=np.column_stack([found.held_out, found.held_out[:, 1] - crowd]))


def _among_others(held_out: Floats) -> NDArray[np.float64]:
    """Scores (m,) of held-out rows, each ranked among the others: a row is no rank above itself."""
    return guided_scores(np.nextafter(held_out, -np.inf), held_out)


def _crowd(X: Floats, pool: Floats) -> Floats:
    """Mean cosine (N,) of the nearest unlabelled rows, the row itself left out."""
    near = nearest_similarities(X, normalize_rows(pool.astype(np.float32)), min(CROWD + 1, len(pool)))
    others = near <= COPY
    counts = others.sum(axis=1)
    return np.where(counts > 0, (near * others).sum(axis=1) / np.maximum(counts, 1), 1)


def unknown_facts(rule: UnknownRule | None, rate: float, marked: NDArray[np.bool_]) -> dict[str, Any]:
    """What the report tells of a rule that was asked for, and of the unlabelled rows (N,) that it marked."""
    if rule is None:
        said = "No row is marked as unknown: that needs two labelled rows of most classes, and a linear recipe."
        return {"rate": rate, "threshold": None, "guarantee": said, "calibrated_on": 0, "rows": 0, "marked": 0}
    return rule.to_dict() | {"rows": len(marked), "marked": int(marked.sum())}


def _both(scores: Floats, nearest: Floats) -> Floats:
    """The two scores (N, 2) of rows: the logarithm of the highest probability, and the similarity of the nearest."""
    return np.column_stack([log_softmax(scores.astype(np.float64)).max(axis=1), nearest])


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
