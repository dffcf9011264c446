"""Wrong labels: how well they are found, beside cleanlab on the same probabilities, and what repair gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow, few_shot_rows, flip_labels, most_similar_class, summarize
from modicum.heads import Linear, NamesAndShots
from modicum.labels.noisy import credibility, repair
from modicum.workspace.bench.peer import ask_peer
from modicum.workspace.bench.tasks import Collection, open_collection
from modicum.workspace.cleaning import held_out_proba
from modicum.workspace.ladder.bank import load_bank
from modicum.workspace.ladder.climb import Plan
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.making import make_model
from modicum.workspace.settings import Settings

FLIPPED, FLIPPED_FEW, SHOTS = 0.1, 0.2, 16
WAYS = ("any class", "the most similar class")
LEAD, RECOVERED = 0.05, 0.5
DEFAULT = "self_confidence"
"""The score that cleanlab ranks by unless told otherwise."""

Ints = NDArray[np.int64]


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Average precision with a tenth of all labels flipped; accuracies with a fifth of 16 a class flipped."""
    rows: list[BenchRow] = []
    for name in on:
        collection = open_collection(name, root, progress)
        for way in WAYS:
            cells = []
            for seed in range(seeds):
                progress(f"{name}, flipped to {way}", seed, seeds)
                cells.append(_detect(collection, way, seed))
            progress(f"{name}, flipped to {way}", seeds, seeds)
            peer = ask_peer("noisy.py", {str(seed): cell for seed, cell in enumerate(cells)})
            rows.append(_detection(f"{name} train, {FLIPPED:.0%} flipped to {way}", cells, peer))
            fits = [_repair(collection, way, seed) for seed in range(seeds)]
            rows += _repairs(f"{name} test, {SHOTS} labels a class, {FLIPPED_FEW:.0%} flipped to {way}", fits)
    return rows


def flipped(collection: Collection, rows: Ints, rate: float, way: str, seed: int) -> Ints:
    """Labels of some rows, a share of them wrong in one of the `WAYS`."""
    classes = len(collection.space)
    towards = None if way == WAYS[0] else most_similar_class(collection.X, collection.codes, classes)
    return flip_labels(collection.codes[rows], classes, rate, np.random.default_rng(seed), towards=towards)


def _problem(collection: Collection, rows: Ints, given: Ints) -> Problem:
    everything = np.ones(len(rows), dtype=bool)
    groups = collection.groups[rows]
    return Problem(collection.X[rows], given, everything, collection.space, collection.class_vectors, groups)


def _detect(collection: Collection, way: str, seed: int) -> dict[str, Any]:
    """The arrays of one draw: held-out probabilities, labels, which are wrong, and their credibility."""
    rows = np.arange(len(collection.X))
    given = flipped(collection, rows, FLIPPED, way, seed)
    proba = held_out_proba(_problem(collection, rows, given), seed)
    judged = credibility(collection.X, proba, given, rng=np.random.default_rng(seed))
    return {"proba": proba, "codes": given, "wrong": given != collection.codes, "credibility": judged.values}


def _detection(where: str, cells: Sequence[Mapping[str, Any]], peer: Mapping[str, Any] | None) -> BenchRow:
    found = [float(average_precision_score(cell["wrong"], -cell["credibility"])) for cell in cells]
    value, spread = summarize(found)
    baseline, note = None, ""
    if peer:
        means = {score: float(np.mean([cell[score] for cell in peer.values()])) for score in next(iter(peer.values()))}
        baseline = round(means.pop(DEFAULT), 5)
        others = ", ".join(f"{score} {mean:.3f}" for score, mean in means.items())
        note = f"baseline: cleanlab's {DEFAULT} on the same probabilities; its {others}"
    target = None if baseline is None else round(min(baseline + LEAD, 1.0), 5)
    return BenchRow(
        "average precision, wrong labels", where, value, "share", baseline, target, len(cells), spread, note
    )


def _repair(collection: Collection, way: str, seed: int) -> dict[str, dict[str, float]]:
    """Accuracy of each head on true, flipped and repaired labels."""
    rows = few_shot_rows(collection.codes, SHOTS, np.random.default_rng(seed))
    given = flipped(collection, rows, FLIPPED_FEW, way, seed)
    proba = held_out_proba(_problem(collection, rows, given), seed)
    X = collection.X[rows]
    mended = repair(credibility(X, proba, given, rng=np.random.default_rng(seed)).posterior)
    some, codes, weight = mended.weighted_rows()
    facts = {"classes": np.arange(len(collection.space)), "class_vectors": collection.class_vectors}
    out = {}
    for name, head in (("linear", Linear()), ("names + shots", NamesAndShots())):
        fits = {
            "true": head.fit(X, collection.codes[rows], **facts).predict(collection.X_test),
            "flipped": head.fit(X, given, **facts).predict(collection.X_test),
            "repaired": head.fit(X[some], codes, weight, **facts).predict(collection.X_test),
        }
        out[name] = {key: float((answer == collection.codes_test).mean()) for key, answer in fits.items()}
    return out | {"shipped by fit": _shipped(collection, rows, given, seed)}


def _shipped(collection: Collection, rows: Ints, given: Ints, seed: int) -> dict[str, float]:
    """Accuracy of what the ladder ships, all other rows of the table being unlabelled."""
    labelled = np.zeros(len(collection.X), dtype=bool)
    labelled[rows] = True

    def accuracy(labels: Ints, repair: bool) -> float:
        codes = collection.codes.copy()
        codes[rows] = labels
        problem = Problem(collection.X, codes, labelled, collection.space, collection.class_vectors, collection.groups)
        bank = load_bank().without(collection.name)
        settings = Settings(seed=seed, budget="60s", plan=Plan(repeats=1), repair=repair, bank=bank)
        answers = make_model(problem, settings).model.predict(collection.X_test)
        return float((answers.codes == collection.codes_test).mean())

    return {
        "true": accuracy(collection.codes[rows], True),
        "flipped": accuracy(given, False),
        "repaired": accuracy(given, True),
    }


def _repairs(where: str, fits: Sequence[Mapping[str, Mapping[str, float]]]) -> list[BenchRow]:
    rows = []
    for head in fits[0]:
        (true, _), (noisy, _), (mended, spread) = (
            summarize([fit[head][labels] for fit in fits]) for labels in ("true", "flipped", "repaired")
        )
        target = round(noisy + RECOVERED * (true - noisy), 5)
        note = f"baseline: the flipped labels as they are; true labels give {true:.3f}"
        measure = f"accuracy after repair, {head}"
        rows.append(BenchRow(measure, where, mended, "share", noisy, target, len(fits), spread, note))
    return rows
