"""Where each method wins and where it loses, against the plain baseline of its question on the same labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.model_selection import KFold

from modicum.core.arrays import log_softmax, softmax
from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow
from modicum.evaluation.metrics import accuracy, expected_calibration_error, log_loss, set_metrics
from modicum.heads import Linear
from modicum.labels.calibration import fit_temperature
from modicum.labels.conformal import lac_scores, threshold
from modicum.workspace.bench.draws import Draw, Figure, Measure, draw, gather
from modicum.workspace.bench.roles import call, classifiers, functions, required, transformers
from modicum.workspace.bench.tasks import Collection, open_collection

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

LINEAR, LAC = "heads.Linear", "labels.lac_scores"
SHOTS = (1, 4, 8)
MANY = 8
"""Labels a class behind the probabilities that calibration, prediction sets and shares start from."""
FEW_HELD = 100
TEMPERED = 5
"""One in so many held-out rows tells the temperature; the others are for the prediction sets."""
ALPHA = 0.1
DRAWN = 1_000
"""Rows drawn with given class shares."""
SUSPECTS, FLIPPED, FOLDS = 20, 0.1, 5
"""Labels a class among which a share is flipped, and the folds that judge them."""
START, BATCHES = 4, 2

ACCURACY = Measure("accuracy", "share", LINEAR)
SHAPED = Measure("accuracy of Linear on its vectors", "share", f"{LINEAR} on the vectors as they are")
ECE = Measure("calibration error", "share", "probabilities as they are", lower_is_better=True)
LOG_LOSS = Measure("log-loss", "nats", "probabilities as they are", lower_is_better=True)
COVERAGE = Measure("coverage", "share", target=1 - ALPHA)
SIZE = Measure("mean size", "classes", LAC, lower_is_better=True)
UNEVEN = Measure("distance of a class's coverage from 0.9", "share", LAC, lower_is_better=True)
SHARES = Measure("summed error of class shares", "share", "the mean probability", lower_is_better=True)
PRECISION = Measure("average precision of flipped labels", "share", "the label's own probability")
LEARNT = Measure("accuracy of Linear on the rows it chose", "share", "rows chosen at random")


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Every method that can be told by its signature, on every collection, `seeds` draws of labels each."""
    questions = (rules, calibration, prediction_sets, class_shares, flipped_labels, next_rows)
    rows: list[BenchRow] = []
    for name in on:
        collection = open_collection(name, root, progress)
        figures: list[Figure] = []
        for step in range(seeds * len(questions)):
            progress(f"{name}, methods", step, seeds * len(questions))
            seed, number = divmod(step, len(questions))
            figures += questions[number](collection, seed)
        progress(f"{name}, methods", seeds * len(questions), seeds * len(questions))
        rows += gather(figures)
    return rows


def rules(collection: Collection, seed: int) -> Iterator[Figure]:
    """Classifiers against Linear, and Linear on other vectors against Linear on those that are there."""
    for shots in SHOTS:
        drawn, where = draw(collection, shots, seed), _where(collection, shots)
        found = {key: _right(drawn.fitted(kind()), collection) for key, kind in classifiers().items()}
        for key, value in found.items():
            yield Figure(ACCURACY, key, where, value, None if key == LINEAR else found[LINEAR])
        for key, kind in transformers().items():
            yield Figure(SHAPED, key, where, _right_on_shaped(kind(), drawn), found[LINEAR])


def calibration(collection: Collection, seed: int) -> Iterator[Figure]:
    """Calibrated probabilities of Linear against uncalibrated ones, with few and with many held-out rows."""
    drawn = draw(collection, MANY, seed)
    head = drawn.fitted(Linear())
    scores, truth = head.scores(collection.X_test), collection.codes_test
    measures = ((ECE, expected_calibration_error), (LOG_LOSS, log_loss))
    for size in sorted({min(FEW_HELD, len(drawn.held)), len(drawn.held)}):
        held, where = drawn.held[:size], f"{collection.name} test, {size:,} held-out rows"
        given = _probabilities(head.scores(collection.X[held])) | {"codes": collection.codes[held]}
        for key, function in functions("calibration", given).items():
            proba = _calibrated(call(function, given), scores)
            if proba is None:
                continue
            for measure, error in measures:
                yield Figure(measure, key, where, error(proba, truth), error(softmax(scores), truth))


def prediction_sets(collection: Collection, seed: int) -> Iterator[Figure]:
    """Other scores, and other thresholds for the score of LAC, against LAC with one threshold."""
    drawn = draw(collection, MANY, seed)
    proba, codes, proba_test = _tempered(drawn)
    given = {"proba": proba, "codes": codes, "classes": len(collection.space), "alpha": ALPHA}
    given["scores"] = lac_scores(proba)[np.arange(len(codes)), codes]
    found = {}
    for key, function in functions("conformal", given).items():
        score = function if required(function) == {"proba"} else lac_scores
        scores = score(proba)
        if np.shape(scores) != proba.shape:
            continue
        thresholds = threshold(scores[np.arange(len(codes)), codes], ALPHA)
        if score is not function:
            thresholds = call(function, given)
        found[key] = set_metrics(np.asarray(score(proba_test) <= thresholds), collection.codes_test)
    plain = found[LAC]
    where = f"{collection.name} test, {len(codes):,} held-out rows"
    for key, facts in found.items():
        yield Figure(COVERAGE, key, where, facts.coverage)
        beside = (None, None) if key == LAC else (plain.mean_size, _uneven(plain.class_coverage))
        yield Figure(SIZE, key, where, facts.mean_size, beside[0])
        yield Figure(UNEVEN, key, where, _uneven(facts.class_coverage), beside[1])


def class_shares(collection: Collection, seed: int) -> Iterator[Figure]:
    """Estimated class shares against the mean probability, where shares are as labelled and where they are not."""
    drawn, rng = draw(collection, MANY, seed), np.random.default_rng(seed)
    proba = _tempered(drawn)[2]
    classes, there = len(collection.space), np.unique(collection.codes_test)
    labelled = np.bincount(collection.codes[drawn.labelled], minlength=classes)
    even = np.full(len(there), 1 / len(there))
    for name, shares in (("even", even), ("skewed", rng.dirichlet(np.ones(len(there))))):
        rows = _rows_with(collection.codes_test, rng.choice(there, size=DRAWN, p=shares), rng)
        truth = np.bincount(collection.codes_test[rows], minlength=classes) / DRAWN
        given = {"proba": proba[rows], "train_priors": labelled / labelled.sum()}
        plain = float(np.abs(proba[rows].mean(axis=0) - truth).sum())
        for key, function in functions("shift", given).items():
            estimate = call(function, given)
            if hasattr(estimate, "priors"):
                value = float(np.abs(estimate.priors - truth).sum())
                yield Figure(SHARES, key, f"{collection.name} test, {name} shares", value, plain)


def flipped_labels(collection: Collection, seed: int) -> Iterator[Figure]:
    """How early flipped labels come in the order of suspicion, against the probability of the label itself."""
    drawn, rng = draw(collection, SUSPECTS, seed), np.random.default_rng(seed)
    X, classes, count = collection.X[drawn.labelled], len(collection.space), len(drawn.labelled)
    flipped = np.isin(np.arange(count), rng.permutation(count)[: max(1, round(FLIPPED * count))])
    codes = (collection.codes[drawn.labelled] + flipped * rng.integers(1, classes, count)) % classes
    proba = np.empty((count, classes))
    for train, out in KFold(FOLDS, shuffle=True, random_state=seed).split(X):
        proba[out] = Linear().fit(X[train], codes[train], classes=np.arange(classes)).predict_proba(X[out])
    own = proba[np.arange(count), codes]
    where, plain = f"{collection.name} train, {SUSPECTS} labels a class", average_precision_score(flipped, -own)
    given = {"proba": proba, "codes": codes}
    for key, function in functions("noisy", given).items():
        issues = call(function, given)
        if not hasattr(issues, "rows"):
            continue
        accused = issues.rows
        rest = np.setdiff1d(np.arange(count), accused)
        order = np.concatenate([accused, rest[np.argsort(own[rest], kind="stable")]])
        suspicion = -np.argsort(order)
        yield Figure(PRECISION, key, where, float(average_precision_score(flipped, suspicion)), float(plain))


def next_rows(collection: Collection, seed: int) -> Iterator[Figure]:
    """Accuracy once batches have been labelled that a method chose, against rows chosen at random."""
    drawn = draw(collection, START, seed)
    budget = len(drawn.labelled)
    where = f"{collection.name} test, {BATCHES} batches of {budget} rows"
    plain = _learnt(drawn, _at_random, budget)
    for key, function in functions("active", ("proba", "X", "labelled", "budget", "rng")).items():
        value = _learnt(drawn, function, budget)
        if value is not None:
            yield Figure(LEARNT, key, where, value, plain)


def _where(collection: Collection, shots: int) -> str:
    return f"{collection.name} test, {shots} label{'s' if shots > 1 else ''} a class"


def _right(head: Any, collection: Collection) -> float:
    return accuracy(head.predict(collection.X_test), collection.codes_test)


def _right_on_shaped(transformer: Any, drawn: Draw) -> float:
    """Accuracy of Linear; vectors are shaped by all rows, or by the labelled ones where classes are asked for."""
    of, rows = drawn.collection, drawn.labelled
    if "y" in required(transformer.fit):
        transformer.fit(of.X[rows], of.codes[rows])
    else:
        transformer.fit(of.X[np.concatenate([rows, drawn.unlabelled])])
    head = Linear().fit(transformer.transform(of.X[rows]), of.codes[rows], classes=np.arange(len(of.space)))
    return accuracy(head.predict(transformer.transform(of.X_test)), of.codes_test)


def _probabilities(scores: Floats) -> dict[str, Any]:
    """Probabilities under the names by which methods ask for them."""
    return {"proba": softmax(scores), "log_proba": log_softmax(scores)}


def _calibrated(found: Any, scores: Floats) -> Floats | None:
    """Scores under what was fitted: a temperature, or anything that is applied; None where it is neither."""
    if isinstance(found, float):
        return softmax(scores / found)
    return np.asarray(call(found.apply, _probabilities(scores))) if hasattr(found, "apply") else None


def _tempered(drawn: Draw) -> tuple[Floats, Ints, Floats]:
    """Probabilities of held-out rows with their classes, and of the test rows; other held-out rows set the heat."""
    of, head = drawn.collection, drawn.fitted(Linear())
    heat, held = np.split(drawn.held, [len(drawn.held) // TEMPERED])
    temperature = fit_temperature(head.scores(of.X[heat]), of.codes[heat])
    proba, proba_test = (softmax(head.scores(X) / temperature) for X in (of.X[held], of.X_test))
    return proba, of.codes[held], proba_test


def _uneven(class_coverage: NDArray[np.float64]) -> float:
    return float(np.nanmean(np.abs(class_coverage - (1 - ALPHA))))


def _rows_with(codes: Ints, wanted: Ints, rng: np.random.Generator) -> Ints:
    """A random row of each class in `wanted`; a row can come several times."""
    order, counts = np.argsort(codes, kind="stable"), np.bincount(codes)
    starts = np.cumsum(counts) - counts
    return np.asarray(order[starts[wanted] + (rng.random(len(wanted)) * counts[wanted]).astype(np.int64)])


def _at_random(labelled: NDArray[np.bool_], budget: int, rng: np.random.Generator) -> Ints:
    chosen: Ints = rng.permutation(np.flatnonzero(~labelled))[:budget]
    return chosen


def _learnt(drawn: Draw, query: Callable[..., Any], budget: int) -> float | None:
    """Accuracy of Linear on labelled rows and all batches; None where the query answers by no row numbers."""
    of, rows = drawn.collection, np.concatenate([drawn.labelled, drawn.unlabelled])
    X, codes, classes = of.X[rows], of.codes[rows], np.arange(len(of.space))
    given: dict[str, Any] = {"X": X, "budget": budget, "rng": np.random.default_rng(drawn.seed)}
    labelled = np.arange(len(rows)) < len(drawn.labelled)
    head = Linear().fit(X[labelled], codes[labelled], classes=classes)
    for _ in range(BATCHES):
        chosen = call(query, given | {"proba": head.predict_proba(X), "labelled": labelled.copy()})
        if not isinstance(chosen, np.ndarray):
            return None
        labelled[chosen] = True
        head = Linear().fit(X[labelled], codes[labelled], classes=classes)
    return _right(head, of)
