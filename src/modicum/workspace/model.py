"""The shipped model: vectors in; classes, calibrated probabilities and prediction sets out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks, log_softmax, softmax
from modicum.core.checks import check_vectors
from modicum.core.records import LabelSpace
from modicum.evaluation.stats import log_pool
from modicum.labels.conformal import ConformalRule
from modicum.labels.shift import reweighted
from modicum.labels.spaces import TreeMetric, frechet_mean
from modicum.workspace.ladder.recipes import FittedRecipe, scores_of
from modicum.workspace.unknown import UnknownRule

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Answers for N items."""

    codes: NDArray[np.int64]
    """Predicted class of each item (N,)."""
    probabilities: Floats
    """Calibrated probabilities (N, K)."""
    sets: NDArray[np.bool_] | None
    """Prediction sets as a mask (N, K), the predicted class always in; None where no set could be promised."""
    unknown: NDArray[np.bool_]
    """Items (N,) of none of the classes, where the model has a rule for that; else those whose set would be empty."""

    def columns(self, names: Sequence[str]) -> dict[str, Sequence[Any]]:
        """Predicted class, its probability, the set, and whether no class conforms."""
        if self.sets is None:
            sets: list[list[str]] = [[] for _ in self.codes]
        else:
            sets = [[names[k] for k in row.nonzero()[0]] for row in self.sets]
        return {
            "prediction": [names[code] for code in self.codes],
            "probability": self.probabilities[range(len(self.codes)), self.codes].round(6).tolist(),
            "prediction_set": sets,
            "unknown": self.unknown.tolist(),
        }


@dataclass(frozen=True, eq=False)
class Model:
    """Fitted recipes, their scales and shares, and the rules that turn scores into answers."""

    space: LabelSpace
    members: tuple[FittedRecipe, ...]
    scales: Floats
    """Temperature (M,) that brings each member's scores to one scale."""
    weights: Floats
    """Share (M,) of each member in the pool."""
    temperature: float = 1.0
    """Temperature of the pool as a whole."""
    conformal: ConformalRule | None = None
    decode: str = "argmax"
    """`argmax`, or `frechet`: the Frechet mean over the class tree."""
    factors: NDArray[np.float64] | None = None
    """What probabilities (N, K) are multiplied by, and then normalised, for class shares that differ from those of the
    labelled rows; None where they do not."""
    unknown: UnknownRule | None = None
    """When an item is of none of the classes; None where that was not asked for, or could not be learnt."""

    def pooled(self, X: Floats) -> Floats:
        """Log-probabilities (N, K) of the pool before its own temperature."""
        scores = scores_of(self.members, X)
        logs = [log_softmax(own.astype(np.float64) / t) for own, t in zip(scores, self.scales, strict=True)]
        return logs[0] if len(logs) == 1 else log_pool(np.stack(logs), self.weights)

    def proba(self, X: Floats) -> Floats:
        """Calibrated probabilities (N, K) of vectors (N, D)."""
        return self.corrected(softmax(self.pooled(X) / self.temperature))

    def corrected(self, proba: Floats) -> Floats:
        """Probabilities (N, K) under the shares of the labelled rows, as they are under those answers are given for."""
        return proba if self.factors is None else reweighted(proba, self.factors, np.ones(len(self.factors)))

    def decide(self, proba: Floats) -> NDArray[np.int64]:
        """Classes (N,) for probabilities (N, K), by the model's decoding rule."""
        if self.decode == "frechet":
            return frechet_mean(proba, self._metric)
        return np.asarray(proba.argmax(axis=1))

    @cached_property
    def _metric(self) -> TreeMetric:
        return TreeMetric.from_space(self.space)

    @property
    def width(self) -> int:
        """Width D of the vectors it was fitted on."""
        return width_of(self.members)

    def predict(self, X: Floats, *, chunk: int = 16_384) -> Predictions:
        """Answer for vectors (N, D), `chunk` rows at a time.

        Raises:
            InputError: The vectors hold NaN or are of another width.
        """
        X = check_vectors(X, width=self.width)
        parts = [self.proba(X[part]) for part in chunks(len(X), chunk)]
        answers = self.answer(np.concatenate(parts) if parts else np.empty((0, len(self.space))))
        if self.unknown is None:
            return answers
        return replace(answers, unknown=self.unknown.marks(X))

    def answer(self, proba: Floats) -> Predictions:
        """Answers for calibrated probabilities (N, K)."""
        codes = self.decide(proba)
        if self.conformal is None:
            return Predictions(codes, proba, None, np.zeros(len(codes), dtype=bool))
        sets = self.conformal.sets(proba)
        unknown = np.asarray(~sets.any(axis=1))
        sets[np.arange(len(codes)), codes] = True
        return Predictions(codes, proba, sets, unknown)

    def to_dict(self) -> dict[str, Any]:
        """What a bundle's manifest says of it, beside its arrays."""
        return {
            "classes": asdict(self.space),
            "recipe": {
                "members": [asdict(member.recipe) for member in self.members],
                "scales": self.scales.tolist(),
                "weights": self.weights.tolist(),
                "decode": self.decode,
                "factors": None if self.factors is None else self.factors.tolist(),
            },
            "calibration": {"temperature": self.temperature},
            "conformal": None if self.conformal is None else self.conformal.to_dict(),
            "unknown": None if self.unknown is None else self.unknown.to_dict(),
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any], members: tuple[FittedRecipe, ...]) -> Self:
        """Inverse of `to_dict`, but for the rule of unknown rows, whose arrays lie elsewhere in a bundle."""
        recipe, conformal = told["recipe"], told["conformal"]
        return cls(
            space_from_dict(told["classes"]),
            members,
            np.asarray(recipe["scales"], dtype=np.float64),
            np.asarray(recipe["weights"], dtype=np.float64),
            float(told["calibration"]["temperature"]),
            None if conformal is None else ConformalRule.from_dict(conformal),
            str(recipe["decode"]),
            None if recipe.get("factors") is None else np.asarray(recipe["factors"], dtype=np.float64),
        )


def width_of(members: Sequence[FittedRecipe]) -> int:
    """Width D of the vectors that recipes were fitted on."""
    first = members[0]
    fitted = first.transformers[0] if first.transformers else first.classifier
    return int(fitted.n_features_in_)


def space_from_dict(told: Mapping[str, Any]) -> LabelSpace:
    """A label space from its JSON form."""
    return LabelSpace(
        tuple(told["names"]),
        tuple(told["descriptions"]),
        tuple(told["parents"]),
        tuple((child, parent) for child, parent in told["group_parents"]),
    )
