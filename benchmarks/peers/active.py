"""Query strategies of small-text and scikit-activeml in the rounds of `modicum bench active`.

The same pools, vectors, head and batches; only the rows that are asked for differ. In an environment of its own:

    python -m venv peers && peers/bin/pip install . -r benchmarks/peers/requirements-active.txt
    peers/bin/python benchmarks/peers/active.py --data ../shared/data --out active-peers.json

`--only` runs some of the strategies, `--seeds` and `--on` are those of the benchmark. Left out for their cost on
thousands of rows and dozens of classes: scikit-activeml's Badge (gradients in full), BatchBALD and ProbCover (all
pairs of rows), small-text's DiscriminativeActiveLearning (fits a network for each sub-batch) and SEALS.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skactiveml import pool as activeml
from skactiveml.base import SkactivemlClassifier
from small_text import query_strategies as small

from modicum.core.arrays import log_probabilities, softmax
from modicum.evaluation.bench import machine_facts
from modicum.labels.active import Query, random_query
from modicum.workspace.bench.labels.active import HOUSE, RANDOM, STRATEGIES, goal, to_rows, trace
from modicum.workspace.bench.tasks import open_collection

Floats = NDArray[np.floating]


class Recovered(SkactivemlClassifier):
    """The linear rule behind probabilities, for strategies that ask it about other vectors, too."""

    def __init__(
        self, coef: Any = None, classes: Any = None, missing_label: float = -1, random_state: Any = None
    ) -> None:
        super().__init__(classes=classes, missing_label=missing_label, random_state=random_state)
        self.coef = coef

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Recovered:
        """Already fitted."""
        return self

    def predict_proba(self, X: Floats) -> Floats:
        """Probabilities (N, K)."""
        return softmax(np.column_stack([X, np.ones(len(X))]) @ self.coef)

    def predict(self, X: Floats) -> NDArray[np.int64]:
        """Classes (N,)."""
        return self.predict_proba(X).argmax(axis=1)

    def embed(self, X: Floats, return_proba: bool = False, pbar: Any = None) -> Any:
        """Vectors, as small-text asks for them."""
        return (X, self.predict_proba(X)) if return_proba else X


def recovered(X: Floats, proba: Floats) -> Recovered:
    """Logarithms of a softmax rule's probabilities are linear in the vectors up to a constant per row."""
    logs = log_probabilities(proba, 1e-30)
    logs = logs - logs.mean(axis=1, keepdims=True)
    coef = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), logs, rcond=None)[0]
    rule = Recovered(coef, np.arange(proba.shape[1]))
    rule.classes_ = np.arange(proba.shape[1])
    return rule


def from_small_text(make: Callable[[], Any]) -> Query:
    """A strategy of small-text under the signature of modicum's."""

    def query(X: Floats, proba: Floats, labelled: Any, budget: int, rng: np.random.Generator) -> NDArray[np.int64]:
        np.random.seed(int(rng.integers(2**31)))  # noqa: NPY002  # the library draws from the global generator
        free, known = np.flatnonzero(~labelled), np.flatnonzero(labelled)
        X = X.astype(np.float64)
        return np.asarray(make().query(recovered(X, proba), X, free, known, np.zeros(len(known), int), n=budget))

    return query


def from_activeml(make: Callable[[int], Any], *, rule: str | None = "clf") -> Query:
    """A strategy of scikit-activeml under the signature of modicum's; `rule` names its parameter for the classifier."""

    def query(X: Floats, proba: Floats, labelled: Any, budget: int, rng: np.random.Generator) -> NDArray[np.int64]:
        X = X.astype(np.float64)
        y = np.where(labelled, proba.argmax(axis=1), -1)
        given = {} if rule is None else {rule: recovered(X, proba), f"fit_{rule}": False}
        return np.asarray(make(int(rng.integers(2**31))).query(X, y, batch_size=budget, **given))

    return query


def started(query: Query) -> Query:
    """A strategy that needs a labelled row, with random rows in its first round, as its users would start it."""

    def first(X: Floats, proba: Floats, labelled: Any, budget: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return (query if labelled.any() else random_query)(X, proba, labelled, budget, rng)

    return first


def activeml_entry(name: str, *, rule: str | None = "clf", **settings: Any) -> Query:
    """One of scikit-activeml's strategies by name."""
    kind = getattr(activeml, name)
    return from_activeml(lambda seed: kind(missing_label=-1, random_state=seed, **settings), rule=rule)


PEERS: dict[str, Query] = {
    "small-text BreakingTies": from_small_text(small.BreakingTies),
    "small-text LeastConfidence": from_small_text(small.LeastConfidence),
    "small-text PredictionEntropy": from_small_text(small.PredictionEntropy),
    "small-text EmbeddingKMeans": from_small_text(small.EmbeddingKMeans),
    "small-text GreedyCoreset": started(from_small_text(small.GreedyCoreset)),
    "small-text LightweightCoreset": from_small_text(small.LightweightCoreset),
    "small-text ContrastiveActiveLearning": from_small_text(lambda: small.ContrastiveActiveLearning(pbar=None)),
    "scikit-activeml DropQuery": activeml_entry("DropQuery"),
    "scikit-activeml Clue": activeml_entry("Clue", rule="estimator"),
    "scikit-activeml Falcun": activeml_entry("Falcun"),
    "scikit-activeml TypiClust": activeml_entry("TypiClust", rule=None),
    "scikit-activeml CoreSet": activeml_entry("CoreSet", rule=None),
    "scikit-activeml ContrastiveAL": activeml_entry("ContrastiveAL"),
}


def main() -> None:
    """Run house and peers, and write their rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--on", nargs="+", default=["banking77", "trec"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=[*PEERS])
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    warnings.simplefilter("ignore")  # copies among rows, which k-means of the libraries warns of
    chosen = {RANDOM: STRATEGIES[RANDOM], HOUSE: STRATEGIES[HOUSE], **{name: PEERS[name] for name in told.only}}
    rows = []
    for on in told.on:
        collection = open_collection(on, told.data)
        traces: dict[str, list[Any]] = {}
        for name, query in chosen.items():
            traces[name] = [trace(collection, query, seed) for seed in range(told.seeds)]
            curve = np.mean([one.accuracies for one in traces[name]], axis=0)
            told_so_far = f"{on} {name}: {curve[1:].mean():.4f} | {np.round(curve, 3).tolist()}"
            sys.stderr.write(told_so_far + "\n")
            sys.stderr.flush()
        goals = [goal(collection, seed) for seed in range(told.seeds)]
        rows += [asdict(row) for row in to_rows(on, len(collection.space), traces, goals)]
        found = {"bench": "peers-active", "machine": machine_facts(), "rows": rows}
        told.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
