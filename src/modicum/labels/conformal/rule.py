"""The rule that is shipped: a score, its thresholds, and in words what they promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_choice, check_codes, check_fraction, check_probabilities
from modicum.core.errors import InputError
from modicum.labels.conformal.aps import aps_scores
from modicum.labels.conformal.class_conditional import class_thresholds
from modicum.labels.conformal.lac import lac_scores
from modicum.labels.conformal.raps import raps_scores
from modicum.labels.conformal.threshold import threshold

Floats = NDArray[np.floating]

SCORES: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {"lac": lac_scores, "aps": aps_scores, "raps": raps_scores}
)
"""Score of every class from probabilities, by name; each with its default settings, so that the name says it all."""


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

    def sets(self, proba: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Prediction sets as a mask (N, K); a row can be empty where no class conforms."""
        return np.asarray(SCORES[self.score](proba) <= np.array(self.thresholds))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form; an infinite threshold is null."""
        finite = [value if np.isfinite(value) else None for value in self.thresholds]
        return {
            "score": self.score,
            "alpha": self.alpha,
            "thresholds": finite,
            "guarantee": self.guarantee,
            "calibrated_on": self.calibrated_on,
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
        return cls(score, float(told["alpha"]), values, str(told["guarantee"]), int(told["calibrated_on"]))


def split_conformal(
    proba: Floats, codes: NDArray[np.int64], *, alpha: float, score: str = "lac", per_class: bool = False
) -> ConformalRule:
    """Rule from rows (n, K) that were set aside and never learnt from, with true classes (n,).

    The promise: for rows like these, at least 1 - alpha of the sets hold the truth.
    """
    how = f"calibrated on {len(codes):,} rows that nothing else was learnt from"
    return _rule(proba, codes, alpha, score, per_class, f"at least {_percent(1 - alpha)}", how)


def cross_conformal(
    proba: Floats, codes: NDArray[np.int64], *, alpha: float, score: str = "lac", per_class: bool = False
) -> ConformalRule:
    """Rule from out-of-fold probabilities (n, K) of the labelled rows themselves, so that none is set aside.

    The sets are then made by a model fitted on all rows. In theory this promises 1 - 2 alpha (Barber et al. 2021, for
    the closely related CV+); in practice coverage is about 1 - alpha, or more, because the model that predicts has
    seen more rows than those that were measured.
    """
    how = (
        f"calibrated on {len(codes):,} labelled rows, each scored by a model that did not see it; the proven bound for "
        f"this is {_percent(max(1 - 2 * alpha, 0))}"
    )
    return _rule(proba, codes, alpha, score, per_class, f"about {_percent(1 - alpha)}", how)


def _rule(
    proba: Floats, codes: NDArray[np.int64], alpha: float, score: str, per_class: bool, share: str, how: str
) -> ConformalRule:
    check_fraction(alpha, "alpha")
    proba = check_probabilities(proba)
    codes = check_codes(codes, classes=proba.shape[1], rows=len(proba))
    own = SCORES[check_choice(score, SCORES, "score of prediction sets")](proba)[np.arange(len(codes)), codes]
    if per_class:
        values = tuple(class_thresholds(own, codes, proba.shape[1], alpha).tolist())
        open_ended = sum(np.isinf(values))
        where = "within every class"
        if open_ended:
            how += f"; {open_ended} classes have too few rows and are in every set"
    else:
        values, where = (threshold(own, alpha),), "on average over rows like the labelled ones"
        if np.isinf(values[0]):
            how += "; these are too few for so small an alpha, so every set holds all classes"
    return ConformalRule(score, alpha, values, f"{share} of the sets hold the true class {where}: {how}.", len(codes))


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
