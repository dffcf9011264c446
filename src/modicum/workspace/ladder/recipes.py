"""Recipes: short lists of steps from the rooms, each ending in a classifier; fitted, they give scores for vectors.

A recipe is data: method keys and settings. The steps before the last change vectors without looking at labels; the
last one is a head or a semi-supervised classifier.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from modicum.core.arrays import chunks
from modicum.core.errors import InputError
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.registry import method

Floats = NDArray[np.floating]


STEP_ROOMS = ("heads", "labels", "vectors")


@dataclass(frozen=True)
class Step:
    """One method with its settings."""

    method: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> Any:
        """Return a new, unfitted estimator.

        Raises:
            InputError: The method is no estimator: a step may come from a stranger's bundle, and calls nothing else.
        """
        named = method(self.method)
        made = named.load() if named.card.room in STEP_ROOMS else None
        if not (isinstance(made, type) and issubclass(made, BaseEstimator)):
            raise InputError(f"{self.method} is no step of a recipe; steps are estimators of {', '.join(STEP_ROOMS)}")
        return made(**self.settings)

    def __str__(self) -> str:
        told = ", ".join(f"{key}={value!r}" for key, value in self.settings.items())
        return f"{self.method}({told})" if told else self.method


@dataclass(frozen=True)
class Recipe:
    """A named list of steps, and the rung of the ladder it stands on."""

    name: str
    rung: int
    steps: tuple[Step, ...]
    pooled: bool = False
    """Whether it is one of the unlike recipes that the ladder pools by default."""

    @property
    def needs(self) -> frozenset[str]:
        """Everything its steps must be given."""
        return frozenset(need for step in self.steps for need in method(step.method).card.needs)


_SMOOTHING = Step("vectors.NeighbourSmoothing")

RECIPES: tuple[Recipe, ...] = (
    Recipe("names", 0, (Step("heads.NameSimilarity"),), pooled=True),
    Recipe("class means", 1, (Step("heads.ClassMean"),)),
    Recipe("linear", 1, (Step("heads.Linear"),)),
    Recipe("names + shots", 1, (Step("heads.NamesAndShots"),)),
    Recipe("gaussian", 1, (Step("heads.GaussianDiscriminant"),), pooled=True),
    Recipe("pseudo-prototypes", 2, (Step("labels.PseudoPrototypes"),), pooled=True),
    Recipe("self-training", 2, (Step("labels.BalancedSelfTraining"),), pooled=True),
    Recipe("smoothed, names + shots", 3, (_SMOOTHING, Step("heads.NamesAndShots")), pooled=True),
    Recipe("smoothed, pseudo-prototypes", 3, (_SMOOTHING, Step("labels.PseudoPrototypes")), pooled=True),
    Recipe("smoothed, self-training", 3, (_SMOOTHING, Step("labels.BalancedSelfTraining")), pooled=True),
)
"""Cheapest first. The baseline every figure is compared with is `linear`."""

BASELINE = "linear"


@dataclass(frozen=True, eq=False)
class FittedRecipe:
    """A recipe with fitted steps: the transformers in order, then the classifier."""

    recipe: Recipe
    transformers: tuple[Any, ...]
    classifier: Any

    def scores(self, X: Floats, *, chunk: int = 16_384) -> Floats:
        """Unnormalised log-probabilities (N, K) of vectors (N, D)."""
        out = [self.classifier.scores(apply(self.transformers, X[part])) for part in chunks(len(X), chunk)]
        return np.concatenate(out) if out else np.empty((0, len(self.classifier.classes_)))

    @property
    def parameters(self) -> int:
        """Numbers that were moved, or kept, to fit the classifier: the size of its fitted arrays."""
        told = ("classes_", "n_features_in_")
        return sum(array.size for name, array in pack(self.classifier).items() if name not in told)

    @property
    def megabytes(self) -> float:
        """Size of all fitted arrays."""
        steps = (*self.transformers, self.classifier)
        return sum(array.nbytes for step in steps for array in pack(step).values()) / 1e6


def scores_of(members: Sequence[FittedRecipe], X: Floats, *, chunk: int = 16_384) -> list[Floats]:
    """Scores (N, K) of several fitted recipes; vectors are transformed once for all that share their transformers."""
    parts: list[list[Floats]] = []
    for part in chunks(len(X), chunk):
        made = {id(member.transformers): member.transformers for member in members}
        vectors = {key: apply(transformers, X[part]) for key, transformers in made.items()}
        parts.append([member.classifier.scores(vectors[id(member.transformers)]) for member in members])
    return [np.concatenate(found) for found in zip(*parts, strict=True)] if parts else [m.scores(X) for m in members]


def apply(transformers: tuple[Any, ...], X: Floats) -> Floats:
    """Send vectors through fitted transformers."""
    for transformer in transformers:
        X = transformer.transform(X)
    return X


@dataclass(eq=False)
class FeatureBank:
    """Vectors of one problem after label-free steps, each chain of steps fitted once and kept.

    Fitting such steps on all rows is honest in cross-validation: they never see a label, and the rows to be
    predicted are in the table when the model is made, too.
    """

    problem: Problem
    _made: dict[tuple[str, ...], tuple[tuple[Any, ...], Floats, Floats | None]] = field(default_factory=dict)

    def get(self, recipe: Recipe) -> tuple[tuple[Any, ...], Floats, Floats | None]:
        """Fitted transformers, all rows' vectors (N, D') and class vectors (K, D') for a recipe's classifier.

        Class vectors are None where the problem has none.
        """
        key = tuple(str(step) for step in recipe.steps[:-1])
        if key not in self._made:
            X, names, fitted = self.problem.X, self.problem.class_vectors, []
            for step in recipe.steps[:-1]:
                transformer = step.build().fit(X[self.problem.visible])
                fitted.append(transformer)
                X = transformer.transform(X)
                names = transformer.transform(names) if names is not None else None
            self._made[key] = (tuple(fitted), X, names)
        return self._made[key]


def fit_recipe(
    recipe: Recipe, bank: FeatureBank, train: NDArray[np.int64] | None = None, *, seed: int = 0
) -> FittedRecipe:
    """Fit a recipe on labelled rows `train` (row numbers; default all labelled ones) and the table's unlabelled rows.

    Labelled rows left out of `train` are not used at all. With no labelled row, each class name stands for one.

    Raises:
        InputError: There is neither a labelled row nor vectors of class names, or a method cannot learn from the rows.
    """
    problem = bank.problem
    transformers, X, names = bank.get(recipe)
    train = problem.rows if train is None else train
    classifier = recipe.steps[-1].build()
    if "random_state" in classifier.get_params():
        classifier.set_params(random_state=seed)
    if problem.targets is not None:
        told = {"class_vectors": names} if "class_vectors" in signature(classifier.fit).parameters else {}
        return FittedRecipe(recipe, transformers, classifier.fit(X[train], problem.targets[train], **told))
    rows, y = X[train], problem.codes[train]
    if len(train) == 0:
        if names is None:
            raise InputError("there is no label, and the class names say nothing; label a few rows")
        rows, y = names, np.arange(len(names))
    pool = X[problem.unlabelled_rows] if "unlabelled" in recipe.needs and len(problem.unlabelled_rows) else None
    classifier.fit(rows, y, classes=np.arange(len(problem.space)), class_vectors=names, X_unlabelled=pool)
    return FittedRecipe(recipe, transformers, classifier)


def timed_scores(fitted: FittedRecipe, X: Floats) -> tuple[Floats, float]:
    """Scores of X, and the seconds per 1,000 items they took."""
    start = time.perf_counter()
    scores = fitted.scores(X)
    return scores, 1000 * (time.perf_counter() - start) / max(len(X), 1)


def pack(estimator: Any) -> dict[str, NDArray[Any]]:
    """Fitted state of an estimator as arrays: every attribute that ends in an underscore.

    Raises:
        TypeError: Such an attribute is not made of numbers; the method breaks the rule that fitted state is.
    """
    state = {}
    for name, value in vars(estimator).items():
        if name.endswith("_") and not name.startswith("_"):
            array = np.asarray(value)
            if array.dtype.kind not in "fiub":
                raise TypeError(f"{type(estimator).__name__}.{name} is not numeric and cannot be stored")
            state[name] = array
    return state


def unpack(step: Step, state: Mapping[str, NDArray[Any]]) -> Any:
    """Estimator of a step with its fitted state put back; the inverse of `pack`.

    Raises:
        InputError: A name is none of a fitted array.
    """
    estimator = step.build()
    for name, array in state.items():
        if not name.endswith("_") or name.startswith("_"):
            raise InputError(f"{name[:40]!r} is no fitted array of {step.method}; fit again")
        setattr(estimator, name, array.item() if array.ndim == 0 else array)
    return estimator
