"""MAPIE's turn: prediction sets from given probabilities, over given splits. Run by referee.py.

Called with the folder of a task and the names of scores, joined by commas. Probabilities come ready-made, so its
estimator only hands them on. Scores have MAPIE's own defaults: APS and RAPS with the last class included whole, and
RAPS with its penalty chosen on a part of the calibration rows.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from mapie.classification import SplitConformalClassifier
from sklearn.base import BaseEstimator, ClassifierMixin


class Given(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Hands on probabilities that are its input."""

    def __init__(self, classes: int = 2) -> None:
        self.classes = classes

    def fit(self, X: Any, y: Any = None) -> Given:
        """There is nothing to learn."""
        self.classes_ = np.arange(self.classes)
        return self

    def predict_proba(self, X: Any) -> Any:
        """The input."""
        return X

    def predict(self, X: Any) -> Any:
        """The most probable class."""
        return X.argmax(axis=1)


def main(folder: Path, names: list[str]) -> None:
    """Coverage and mean size of every split, by score."""
    with np.load(folder / "task.npz") as told:
        task = dict(told)
    proba = task["proba"].astype(np.float64)
    proba /= proba.sum(axis=1, keepdims=True)
    found = {
        name: [split(proba, task, order, name, seed) for seed, order in enumerate(task["orders"])] for name in names
    }
    (folder / "answers.json").write_text(json.dumps(found), encoding="utf-8")


def split(proba: Any, task: dict[str, Any], order: Any, name: str, seed: int) -> tuple[float, float] | None:
    """Coverage and mean size of one split; None where it is refused."""
    inside, outside = np.split(order, [int(task["size"])])
    model = SplitConformalClassifier(
        estimator=Given(proba.shape[1]).fit(None),
        confidence_level=1 - float(task["alpha"]),
        conformity_score=name,
        random_state=seed,
    )
    try:
        model.conformalize(proba[inside], task["truth"][inside])
    except ValueError as error:
        if "least populated class" in str(error):  # RAPS divides the rows class by class and needs two of each
            return None
        raise
    sets = model.predict_set(proba[outside])[1][:, :, 0]
    return float(sets[np.arange(len(sets)), task["truth"][outside]].mean()), float(sets.sum(axis=1).mean())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2].split(","))
