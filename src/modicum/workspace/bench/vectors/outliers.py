"""Rows of classes that were never labelled: how well they are told from the others, by every score and by `--unknown`.

Half of the classes, drawn anew each time, have no labels: their rows of the train set are in the table, without a word
that they are of no class, and those of the test set are to be told from the rows of the other half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.errors import InputError
from modicum.core.progress import Progress
from modicum.core.records import LabelSpace
from modicum.evaluation.bench import BenchRow, few_shot_rows, summarize
from modicum.evaluation.metrics import DetectionFacts, detection_metrics
from modicum.heads import Linear
from modicum.vectors.outliers import class_gaussians, mahalanobis_distances, nearest_similarities
from modicum.workspace.bench.tasks import Collection, open_collection
from modicum.workspace.ladder.bank import load_bank
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.making import make_model
from modicum.workspace.settings import Settings

SHOTS = (8, None)
FIRST_SEED = 100
"""Of the draws: those of lower seeds chose parts of the rule."""
RATE, LEAD = 0.05, 0.03
BASELINE, SHIPPED = "maximum softmax probability of Linear", "fit --unknown"
METHODS: Mapping[str, str] = {
    BASELINE: "heads.Linear",
    "nearest row": "vectors.KNNDistance",
    "5 nearest rows": "vectors.KNNDistance",
    "Mahalanobis": "vectors.Mahalanobis",
    SHIPPED: "vectors.guided_scores",
}
"""Key of the method behind a score."""


@dataclass(frozen=True, eq=False)
class Draw:
    """Scores of the test rows on one draw of classes, and what `fit` marks."""

    facts: Mapping[str, DetectionFacts]
    false_alarms: float
    """Share of the known classes' rows that are marked."""
    recall: float
    """Share of the other classes' rows that are marked."""


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """AUROC and false alarms at 95 % recall of every score, and what `fit --unknown` marks, over `seeds` draws."""
    rows: list[BenchRow] = []
    for name in on:
        collection = open_collection(name, root, progress)
        for shots in SHOTS:
            where = f"{name} test, half of the classes known, {'all labels' if shots is None else f'{shots} a class'}"
            draws = []
            for seed in range(seeds):
                progress(where, seed, seeds)
                draws.append(_draw(collection, shots, FIRST_SEED + seed))
            progress(where, seeds, seeds)
            rows += _rows(where, draws)
    return rows


def halved(collection: Collection, shots: int | None, seed: int) -> tuple[Problem, NDArray[np.bool_]]:
    """The task with labels of half of the classes, `shots` each or all, and the mask (N,) of test rows of the others.

    Raises:
        InputError: There are fewer than three classes.
    """
    if len(collection.space) < 3:
        raise InputError(f"{collection.name} has {len(collection.space)} classes; with half of them left, 3 are needed")
    rng = np.random.default_rng(seed)
    classes = np.sort(rng.permutation(len(collection.space))[: (len(collection.space) + 1) // 2])
    labelled = np.isin(collection.codes, classes)
    codes = np.where(labelled, np.searchsorted(classes, collection.codes), 0)
    if shots is not None:
        rows = np.flatnonzero(labelled)
        labelled = np.zeros(len(codes), dtype=bool)
        labelled[rows[few_shot_rows(codes[rows], shots, rng)]] = True
    space = LabelSpace(tuple(collection.space.names[k] for k in classes))
    names = collection.class_vectors[classes]
    problem = Problem(collection.X, codes, labelled, space, names, collection.groups)
    return problem, ~np.isin(collection.codes_test, classes)


def _draw(collection: Collection, shots: int | None, seed: int) -> Draw:
    problem, unknown = halved(collection, shots, seed)
    X, y, test = problem.X[problem.rows], problem.y, collection.X_test
    settings = Settings(seed=seed, unknown=RATE, bank=load_bank().without(collection.name))
    model = make_model(problem, settings).model
    answers = model.predict(test)
    scores = {
        BASELINE: Linear().fit(X, y).predict_proba(test).max(axis=1),
        "maximum probability of fit": answers.probabilities.max(axis=1),
        "Mahalanobis": -mahalanobis_distances(test, *class_gaussians(X, y)),
        "nearest row": nearest_similarities(test, normalize_rows(X), 1)[:, 0],
        "5 nearest rows": nearest_similarities(test, normalize_rows(X), 5).mean(axis=1),
    }
    if model.unknown is not None:
        scores[SHIPPED] = model.unknown.scores(test)
    facts = {name: detection_metrics(values, unknown) for name, values in scores.items()}
    return Draw(facts, float(answers.unknown[~unknown].mean()), float(answers.unknown[unknown].mean()))


def _rows(where: str, draws: Sequence[Draw]) -> list[BenchRow]:
    rows = []
    for name in draws[0].facts:
        auroc = [draw.facts[name].auroc for draw in draws]
        plain = [draw.facts[BASELINE].auroc for draw in draws]
        rows.append(_row(f"AUROC, {name}", where, name, auroc, plain))
    for name in draws[0].facts:
        alarms = [draw.facts[name].false_alarms for draw in draws]
        plain = [draw.facts[BASELINE].false_alarms for draw in draws]
        rows.append(_row(f"false alarms at 95 % recall, {name}", where, name, alarms, plain, lower=True))
    for measure, found in (
        ("rows of known classes marked", [draw.false_alarms for draw in draws]),
        ("rows of other classes marked", [draw.recall for draw in draws]),
    ):
        value, spread = summarize(found)
        rows.append(BenchRow(measure, where, value, "share", None, None, len(draws), spread, f"--unknown {RATE:g}"))
    return rows


def _row(
    measure: str, where: str, name: str, values: Sequence[float], plain: Sequence[float], *, lower: bool = False
) -> BenchRow:
    value, spread = summarize(values)
    own = name == BASELINE
    baseline = None if own else summarize(plain)[0]
    wanted = name == SHIPPED and not lower and baseline is not None
    return BenchRow(
        measure,
        where,
        value,
        "share",
        baseline,
        round(baseline + LEAD, 5) if wanted and baseline is not None else None,
        len(values),
        spread,
        method=METHODS.get(name),
        against="" if own else METHODS[BASELINE],
        lower_is_better=lower,
        difference_spread=None if own else summarize([a - b for a, b in zip(values, plain, strict=True)])[1],
    )
