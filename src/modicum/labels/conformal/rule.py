"""The rule that is shipped: a score, its thresholds, and in words what they promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_choice, check_codes, check_fraction, check_probabilities
from modicum.core.errors import InputError
from modicum.labels.conformal.aps import aps_scores
from modicum.labels.conformal.class_conditional import class_thresholds
from modicum.labels.conformal.lac import lac_scores
from modicum.labels.conformal.raps import raps_scores, tune_raps
from modicum.labels.conformal.threshold import threshold

Floats = NDArray[np.floating]

SCORES: Mapping[str, Callable[..., Floats]] = MappingProxyType(
    {"lac": lac_scores, "aps": aps_scores, "raps": raps_scores}
)
"""Score of every class from probabilities, by name."""
TUNED_SHARE, TUNED_LEAST, TUNED_MOST = 0.2, 50, 1_000
"""Share of the rows that tune the settings of `raps`, and how many they are at least (or nothing is tuned) and most."""


@dataclass(frozen=True)
class ConformalRule:
    """Prediction sets for calibrated probabilities."""

    score: str
    """`lac`, `aps` or `raps`."""
    alpha: float
    thresholds: tuple[float, ...]
    """One for all classes, or one per class."""
    guarantee: str
    """What is promised, in a sentence."""
    calibrated_on: int
    """Rows behind the thresholds."""
    added: int = 0
    """Classes, the last of all, that came after the thresholds were set."""
    settings: Mapping[str, float] = field(default_factory=dict)
    """Settings of the score; those that are not there have their default."""

    def sets(self, proba: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Prediction sets as a mask (N, K); a row can be empty where no class conforms.

        Where classes were added, the others' part of a set is what it was before: that of their probabilities without
        the added classes. So what was promised for rows of these classes still is.
        """
        score, limits = partial(SCORES[self.score], **self.settings), np.array(self.thresholds)
        if not self.added:
            return np.asarray(score(proba) <= limits)
        first = proba.shape[1] - self.added
        before = proba[:, :first] / np.maximum(proba[:, :first].sum(axis=1, keepdims=True), np.finfo(float).tiny)
        limits = np.broadcast_to(limits, proba.shape[1])
        return np.concatenate([score(before) <= limits[:first], score(proba)[:, first:] <= limits[first:]], axis=1)

    def with_class(self) -> Self:
        """The rule for one more class, as its last: what is promised is promised for rows of the others.

        With one threshold per class the new one is in every set, as any class is whose rows are too few to tell.
        """
        per_class = len(self.thresholds) > 1
        where = "is in every set" if per_class else "enters a set by the others' threshold, with no promise of its own"
        said = self.guarantee
        if not self.added:
            said += f" Classes were added after that: this holds for rows of the others; an added class {where}."
        thresholds = (*self.thresholds, float("inf")) if per_class else self.thresholds
        return replace(self, thresholds=thresholds, guarantee=said, added=self.added + 1)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form; an infinite threshold is null."""
        finite = [value if np.isfinite(value) else None for value in self.thresholds]
        return {
            "score": self.score,
            "alpha": self.alpha,
            "thresholds": finite,
            "guarantee": self.guarantee,
            "calibrated_on": self.calibrated_on,
            "added": self.added,
            "settings": dict(self.settings),
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`.

        Raises:
            InputError: The score is not known, or there is no threshold.
        """
        values = tuple(float("inf") if value is None else float(value) for value in told["thresholds"])
        if not values:
            raise InputError("a rule for prediction sets needs at least one threshold")
        score = check_choice(str(told["score"]), SCORES, "score of prediction sets")
        settings = {str(name): value for name, value in told.get("settings", {}).items()}
        SCORES[score](np.eye(2), **settings)  # raises here, not at the first answer, where a setting is unknown
        rows, added = int(told["calibrated_on"]), int(told.get("added", 0))
        return cls(score, float(told["alpha"]), values, str(told["guarantee"]), rows, added, settings)


def split_conformal(
    proba: Floats,
    codes: NDArray[np.int64],
    *,
    alpha: float,
    score: str = "lac",
    per_class: bool = False,
    rng: np.random.Generator | None = None,
) -> ConformalRule:
    """Rule from rows (n, K) that were set aside and never learnt from, with true classes (n,).

    The promise: for rows like these, at least 1 - alpha of the sets hold the truth. A fifth of the rows, at most
    1,000, drawn by `rng` (default: seeded with 0), tunes the settings of `raps`, and the others calibrate; under 250
    rows, and with one threshold per class, it keeps its defaults.

    Raises:
        InputError: Probabilities, classes, alpha or the score are not what they should be.
    """
    how = "calibrated on {rows:,} rows that nothing else was learnt from"
    return _rule(_Rows(proba, codes, alpha, rng), score, per_class, f"at least {_percent(1 - alpha)}", how)


def cross_conformal(
    proba: Floats,
    codes: NDArray[np.int64],
    *,
    alpha: float,
    score: str = "lac",
    per_class: bool = False,
    rng: np.random.Generator | None = None,
) -> ConformalRule:
    """Rule from out-of-fold probabilities (n, K) of the labelled rows themselves, so that none is set aside.

    The sets are then made by a model fitted on all rows. Nothing is proven of that; of the closely related jackknife+
    1 - 2 alpha is, and a little less of CV+, its form with folds (Barber et al. 2021). In practice coverage is about
    1 - alpha, or more, because the model that predicts has seen more rows than those that were measured. Settings of
    `raps` are tuned as in `split_conformal`.

    Raises:
        InputError: As `split_conformal`.
    """
    how = (
        "calibrated on {rows:,} labelled rows, each scored by a model that did not see it; the proven bound for "
        f"the closely related jackknife+ is {_percent(max(1 - 2 * alpha, 0))}"
    )
    return _rule(_Rows(proba, codes, alpha, rng), score, per_class, f"about {_percent(1 - alpha)}", how)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows to calibrate on, and what must be known to divide them."""

    proba: Floats
    codes: NDArray[np.int64]
    alpha: float
    rng: np.random.Generator | None

    def tuned(self) -> tuple[_Rows, dict[str, float], int]:
        """The rows that are left to calibrate on, settings of `raps` from the others, and the number of these."""
        count = min(int(TUNED_SHARE * len(self.codes)), TUNED_MOST)
        if count < TUNED_LEAST:
            return self, {}, 0
        order = (self.rng or np.random.default_rng(0)).permutation(len(self.codes))
        own, rest = order[:count], order[count:]
        penalty, rank = tune_raps(self.proba[own], self.codes[own], alpha=self.alpha)
        return replace(self, proba=self.proba[rest], codes=self.codes[rest]), {"penalty": penalty, "rank": rank}, count


def _rule(rows: _Rows, score: str, per_class: bool, share: str, how: str) -> ConformalRule:
    alpha = check_fraction(rows.alpha, "alpha")
    proba = check_probabilities(rows.proba)
    rows = replace(rows, proba=proba, codes=check_codes(rows.codes, classes=proba.shape[1], rows=len(proba)))
    check_choice(score, SCORES, "score of prediction sets")
    settings: dict[str, float] = {}
    if score == "raps" and not per_class:
        rows, settings, count = rows.tuned()
        if count:
            how += f"; {count:,} others tuned the penalty ({settings['penalty']:g} beyond rank {settings['rank']})"
    codes = rows.codes
    own = SCORES[score](rows.proba, **settings)[np.arange(len(codes)), codes]
    if per_class:
        values = tuple(class_thresholds(own, codes, proba.shape[1], alpha).tolist())
        open_ended = sum(np.isinf(values))
        where = "within every class"
        if open_ended:
            how += f"; classes with too few rows, {open_ended} of {len(values)}, are in every set"
    else:
        values, where = (threshold(own, alpha),), "on average over rows like the labelled ones"
        if np.isinf(values[0]):
            how += "; these are too few for so small an alpha, so every set holds all classes"
    said = f"{share} of the sets hold the true class {where}: {how.format(rows=len(codes))}."
    return ConformalRule(score, alpha, values, said, len(codes), settings=settings)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
