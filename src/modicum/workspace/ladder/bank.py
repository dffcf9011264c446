"""The bank of results: what recipes were worth on tables whose truth is known, asked for tables like the one at hand.

It answers what a table's few labels cannot: which shares of a pool to start from, how far a single recipe lies behind
the pool, and how often an answer is right where no held-out row can tell, judged by how far recipes agree.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Floats = NDArray[np.float64]

LEAST_SHARE = 1e-3
"""Prior share of a recipe that no table of the bank wanted, or that the bank does not know."""
TUNED = "tuned weights"
"""Name under which accuracies of an encoder with tuned weights are kept, where they were measured."""
RIDGE = 0.05
LEAST_SD = 0.01


@dataclass(frozen=True)
class Entry:
    """One table with a number of labels a class: means over draws of labels."""

    table: str
    family: str
    """Tables of one family share rows; a benchmark on one of them leaves all of them out."""
    classes: int
    labels_per_class: float
    agreement: float
    """Share of unlabelled rows on which a recipe of the pool answers as the pool does, mean over recipes."""
    accuracy: float
    """Of the pool, on test rows."""
    shares: dict[str, float]
    """Shares of the pool that would have served the test rows best."""
    accuracies: dict[str, float]
    """Of each recipe alone, on test rows; of tuned weights, where they were measured, what they gained on the ladder
    added to the pool's."""


@dataclass(frozen=True)
class Guess:
    """A number the bank expects, with its standard deviation over tables."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Bank:
    """Results on tables whose truth is known."""

    entries: tuple[Entry, ...] = ()

    def without(self, family: str) -> Self:
        """The bank as if it had never seen a family: for honest benchmarks on its tables."""
        return type(self)(tuple(entry for entry in self.entries if entry.family != family))

    def shares(self, recipes: Sequence[str], classes: int, labels_per_class: float) -> Floats:
        """Shares (M,) to start a pool from: the mean of those that served similar tables best; sum 1.

        Without entries they are equal.
        """
        if not self.entries:
            return np.full(len(recipes), 1 / len(recipes))
        weight = self._likeness(classes, labels_per_class)
        wanted = np.array([[entry.shares.get(name, 0.0) for name in recipes] for entry in self.entries])
        shares = np.maximum(weight @ wanted, LEAST_SHARE)
        return np.asarray(shares / shares.sum())

    def lead(self, recipe: str, classes: int, labels_per_class: float) -> Guess | None:
        """Accuracy of the pool less that of a single recipe on similar tables; None where the bank cannot tell."""
        told = type(self)(tuple(entry for entry in self.entries if recipe in entry.accuracies))
        if not told.entries:
            return None
        share = told._likeness(classes, labels_per_class)
        leads = np.array([entry.accuracy - entry.accuracies[recipe] for entry in told.entries])
        mean = float(share @ leads)
        return Guess(mean, max(float(np.sqrt(share @ (leads - mean) ** 2)), LEAST_SD))

    def leads(self, recipe: str) -> list[float]:
        """Accuracy of the pool less that of a recipe on every table where both were measured."""
        return [e.accuracy - e.accuracies[recipe] for e in self.entries if recipe in e.accuracies]

    def accuracy(self, agreement: float, classes: int) -> Guess | None:
        """Accuracy of a pool that no held-out row can judge, from the agreement of its recipes on unlabelled rows.

        Learnt by a ridge regression of log-odds on tables with one label a class or none; families weigh alike. None
        where fewer than three families are there to learn from.
        """
        told = [entry for entry in self.entries if entry.labels_per_class <= 1]
        if len({entry.family for entry in told}) < 3:
            return None
        A = np.array([_facts(entry.agreement, entry.classes) for entry in told])
        b = np.array([_log_odds(entry.accuracy) for entry in told])
        alike = _per_family([entry.family for entry in told])
        rule = np.linalg.solve((A * alike[:, None]).T @ A + RIDGE * np.eye(A.shape[1]), (A * alike[:, None]).T @ b)
        mean = expit(np.array(_facts(agreement, classes)) @ rule)
        misses = np.array([entry.accuracy for entry in told]) - expit(A @ rule)
        return Guess(float(mean), float(np.sqrt(alike @ misses**2 / alike.sum())))

    def _likeness(self, classes: int, labels_per_class: float) -> Floats:
        """Weight (E,) of each entry by how like its table is; sums to 1, families beforehand weigh alike."""
        told = np.array([_place(entry.classes, entry.labels_per_class) for entry in self.entries])
        distance = ((told - _place(classes, labels_per_class)) ** 2).sum(axis=1)
        weight = np.exp(-0.5 * (distance - distance.min())) * _per_family([entry.family for entry in self.entries])
        return np.asarray(weight / weight.sum())

    def to_json(self) -> str:
        """The bank as a JSON document, one entry a line."""
        lines = ",\n".join(json.dumps(asdict(entry), sort_keys=True) for entry in self.entries)
        return f"[\n{lines}\n]\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`."""
        entries: list[dict[str, Any]] = json.loads(text)
        return cls(tuple(Entry(**entry) for entry in entries))


def load_bank() -> Bank:
    """The bank that comes with the package."""
    return Bank.from_json(files(__package__).joinpath("bank.json").read_text(encoding="utf-8"))


def _place(classes: int, labels_per_class: float) -> Floats:
    """Where a table stands: a step of 4 in its classes, or of 3 in its labels a class, is one unit."""
    return np.array([np.log2(classes) / 2, np.log2(max(labels_per_class, 0.5)) / 1.5])


def _facts(agreement: float, classes: int) -> tuple[float, float, float]:
    return 1.0, _log_odds(agreement), float(np.log(classes))


def _log_odds(share: float) -> float:
    return float(logit(min(max(share, 0.01), 0.99)))


def _per_family(families: Sequence[str]) -> Floats:
    """One over the number of entries of the family."""
    _, place, counts = np.unique(families, return_inverse=True, return_counts=True)
    return np.asarray(1 / counts[place])
