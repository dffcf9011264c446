"""Shipped models of several labels and of a number: vectors in; answers with their promise out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modicum.core.arrays import chunks
from modicum.core.checks import check_vectors
from modicum.core.records import LabelSpace
from modicum.labels.conformal import IntervalRule, LabelSetRule
from modicum.workspace.ladder.recipes import FittedRecipe, scores_of
from modicum.workspace.model import space_from_dict, width_of

Floats = NDArray[np.floating]
CHUNK = 16_384


@dataclass(frozen=True, eq=False)
class LabelsPredictions:
    """Answers for N items that may have several of K labels."""

    given: NDArray[np.bool_]
    """Predicted labels (N, K); a row can have none."""
    probabilities: Floats
    """Calibrated probability of each label (N, K); rows sum to anything."""
    sets: NDArray[np.bool_]
    """Labels that cannot be ruled out at the promised level (N, K), the predicted ones always in."""
    unknown: NDArray[np.bool_]
    """Items (N,) that conform to no label at the promised level."""

    def columns(self, names: Sequence[str]) -> dict[str, Sequence[Any]]:
        """Predicted labels, the likeliest first, their probabilities, and the set."""
        order = np.argsort(-self.probabilities, axis=1, kind="stable")
        ranked = [[k for k in row if mask[k]] for row, mask in zip(order.tolist(), self.given, strict=True)]
        return {
            "prediction": [[names[k] for k in row] for row in ranked],
            "probability": [
                [round(float(p[k]), 6) for k in row] for row, p in zip(ranked, self.probabilities, strict=True)
            ],
            "prediction_set": [[names[k] for k in row.nonzero()[0]] for row in self.sets],
            "unknown": self.unknown.tolist(),
        }


@dataclass(frozen=True, eq=False)
class LabelsModel:
    """Fitted recipes pooled by their log-odds, a line and a threshold for each label, and the rule of the sets."""

    space: LabelSpace
    members: tuple[FittedRecipe, ...]
    weights: Floats
    """Share (M,) of each member."""
    lines: Floats
    """Slope and intercept (M, 2) that bring each member's log-odds to one scale."""
    slopes: Floats
    """Slope (K,) of each label's calibration."""
    intercepts: Floats
    thresholds: Floats
    """Probability (K,) from which on a label is given."""
    conformal: LabelSetRule

    @property
    def width(self) -> int:
        """Width D of the vectors it was fitted on."""
        return width_of(self.members)

    def proba(self, X: Floats) -> Floats:
        """Calibrated probabilities (N, K) of vectors (N, D)."""
        scores = scores_of(self.members, X)
        odds = [line[0] * own.astype(np.float64) + line[1] for own, line in zip(scores, self.lines, strict=True)]
        return np.asarray(expit(self.slopes * np.tensordot(self.weights, np.stack(odds), axes=1) + self.intercepts))

    def predict(self, X: Floats, *, chunk: int = CHUNK) -> LabelsPredictions:
        """Answer for vectors (N, D), `chunk` rows at a time.

        Raises:
            InputError: The vectors hold NaN or are of another width.
        """
        X = check_vectors(X, width=self.width)
        parts = [self.proba(X[part]) for part in chunks(len(X), chunk)]
        return self.answer(np.concatenate(parts) if parts else np.empty((0, len(self.space))))

    def answer(self, proba: Floats) -> LabelsPredictions:
        """Answers for calibrated probabilities (N, K)."""
        given, sets = np.asarray(proba >= self.thresholds), self.conformal.sets(proba)
        return LabelsPredictions(given, proba, sets | given, np.asarray(~sets.any(axis=1)))

    def to_dict(self) -> dict[str, Any]:
        """What a bundle's manifest says of it, beside its arrays."""
        return {
            "target": "labels",
            "classes": asdict(self.space),
            "recipe": {
                "members": [asdict(member.recipe) for member in self.members],
                "weights": self.weights.tolist(),
                "lines": self.lines.tolist(),
            },
            "calibration": {"slopes": self.slopes.tolist(), "intercepts": self.intercepts.tolist()},
            "thresholds": self.thresholds.tolist(),
            "conformal": self.conformal.to_dict(),
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any], members: tuple[FittedRecipe, ...]) -> Self:
        """Inverse of `to_dict`."""
        return cls(
            space_from_dict(told["classes"]),
            members,
            np.asarray(told["recipe"]["weights"], dtype=np.float64),
            np.asarray(told["recipe"]["lines"], dtype=np.float64),
            np.asarray(told["calibration"]["slopes"], dtype=np.float64),
            np.asarray(told["calibration"]["intercepts"], dtype=np.float64),
            np.asarray(told["thresholds"], dtype=np.float64),
            LabelSetRule.from_dict(told["conformal"]),
        )


@dataclass(frozen=True, eq=False)
class NumberPredictions:
    """Answers for N items whose target is a number."""

    values: Floats
    """Predicted numbers (N,)."""
    low: Floats
    """Low ends (N,) of the intervals; minus infinity where nothing can be promised."""
    high: Floats

    def columns(self, names: Sequence[str] = ()) -> dict[str, Sequence[Any]]:
        """Predicted numbers and the ends of their intervals, which are empty where nothing can be promised."""
        ends = {
            name: [v if np.isfinite(v) else None for v in _rounded(getattr(self, name))] for name in ("low", "high")
        }
        return {"prediction": _rounded(self.values), **ends}


@dataclass(frozen=True, eq=False)
class NumberModel:
    """Fitted recipes, whose weighted mean is the answer, and the rule of the intervals."""

    members: tuple[FittedRecipe, ...]
    weights: Floats
    """Share (M,) of each member."""
    conformal: IntervalRule
    space: LabelSpace = field(default_factory=lambda: LabelSpace(()))
    """Empty: there are no classes."""

    @property
    def width(self) -> int:
        """Width D of the vectors it was fitted on."""
        return width_of(self.members)

    def values(self, X: Floats) -> Floats:
        """Numbers (N,) for vectors (N, D)."""
        scores = [own[:, 0].astype(np.float64) for own in scores_of(self.members, X)]
        return np.asarray(self.weights @ np.stack(scores))

    def spread(self, X: Floats) -> Floats:
        """Standard deviation (N,) of the members' answers under their shares; 0 for a single member."""
        scores = np.stack([own[:, 0].astype(np.float64) for own in scores_of(self.members, X)])
        return np.asarray(np.sqrt(self.weights @ (scores - self.weights @ scores) ** 2))

    def predict(self, X: Floats, *, chunk: int = CHUNK) -> NumberPredictions:
        """Answer for vectors (N, D), `chunk` rows at a time.

        Raises:
            InputError: The vectors hold NaN or are of another width.
        """
        X = check_vectors(X, width=self.width)
        parts = [self.values(X[part]) for part in chunks(len(X), chunk)]
        values = np.concatenate(parts) if parts else np.empty(0)
        return NumberPredictions(values, *self.conformal.intervals(values))

    def to_dict(self) -> dict[str, Any]:
        """What a bundle's manifest says of it, beside its arrays."""
        recipe = {"members": [asdict(member.recipe) for member in self.members], "weights": self.weights.tolist()}
        return {
            "target": "number",
            "classes": asdict(self.space),
            "recipe": recipe,
            "conformal": self.conformal.to_dict(),
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any], members: tuple[FittedRecipe, ...]) -> Self:
        """Inverse of `to_dict`."""
        weights = np.asarray(told["recipe"]["weights"], dtype=np.float64)
        return cls(members, weights, IntervalRule.from_dict(told["conformal"]))


def _rounded(values: Floats) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
