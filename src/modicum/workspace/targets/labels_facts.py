"""What a report tells of several labels a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modicum.data.read import indicators, parted
from modicum.evaluation.metrics import label_losses, label_scores
from modicum.labels.active import k_center_query
from modicum.labels.calibration import fit_platt
from modicum.labels.noisy import label_issues
from modicum.labels.thresholds import f1_thresholds
from modicum.workspace.findings import askable_rows, shown
from modicum.workspace.settings import Settings
from modicum.workspace.targets.models import LabelsModel, LabelsPredictions
from modicum.workspace.targets.target import Made

Floats = NDArray[np.floating]
Held = tuple[Floats, NDArray[np.uint8], NDArray[np.int64]]
Doubt = tuple[float, int, int, bool]
LEAST_ROWS = 5
"""Rows with and without a label from which on single ones can look wrong."""
DOUBT = 0.05
"""Probability of a label as it stands under which it is worth a second look."""
MOST_ERRORS, NEXT, WIDER = 200, 20, 5


def label_facts(made: Made, held: Held, settings: Settings) -> dict[str, Any]:
    """Sections that only this kind of target has; `held` are log-odds, labels and rows of held-out answers."""
    odds, truth, rows = held
    crossed = crossed_proba(odds, truth)
    given = crossed_given(crossed, truth)
    model, answers = made.model, made.answers
    if not isinstance(model, LabelsModel) or not isinstance(answers, LabelsPredictions):
        raise TypeError("these are no answers of several labels")
    names, doubtful = model.space.names, doubtful_labels(crossed, truth)
    counts = np.asarray(made.problem.targets)[made.problem.labelled].sum(axis=0).tolist()
    return {
        "data": {
            "classes": len(names),
            "class_counts": dict(zip(names, counts, strict=True)),
            "labels_per_row": float(np.asarray(made.problem.targets)[made.problem.labelled].sum(axis=1).mean()),
        },
        "per_label": _per_label(model, truth, given, crossed),
        "calibration": _calibration(expit(odds), crossed, truth),
        "conformal": _promise(model, crossed, truth),
        "label_errors": _listed(made, doubtful[:MOST_ERRORS], rows),
        "totals": {"label_errors": len(doubtful)},
        "next_to_label": _next(made, answers, settings),
        "test": _test(made, answers),
        "map_classes": (names, answers.probabilities.argmax(axis=1)),
    }


def crossed_proba(odds: Floats, truth: NDArray[np.uint8], folds: int = 5) -> Floats:
    """Probabilities (m, K) of held-out log-odds, each row's calibrated by lines that other rows gave.

    With many labels and few rows, lines that saw the row itself would make it look surer than a new one.
    """
    proba, fold = np.empty(odds.shape), np.arange(len(odds)) % folds
    for inside in (fold == number for number in range(folds)):
        slopes, intercepts = fit_platt(odds[~inside], truth[~inside])
        proba[inside] = expit(slopes * odds[inside] + intercepts)
    return proba


def crossed_given(proba: Floats, truth: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Predicted labels (m, K) of each half of the rows, under thresholds that the other half gave."""
    out = np.zeros(proba.shape, dtype=np.uint8)
    first = np.arange(len(proba)) % 2 == 0
    for half in (first, ~first):
        if half.any() and (~half).any():
            out[half] = proba[half] >= f1_thresholds(proba[~half], truth[~half])
    return out


def _per_label(
    model: LabelsModel, truth: NDArray[np.uint8], given: NDArray[np.uint8], proba: Floats
) -> list[dict[str, Any]]:
    scores = label_scores(truth, given, proba)
    return [
        {
            "name": name,
            "labelled": int(scores.support[k]),
            "predicted": int(scores.predicted[k]),
            "precision": float(scores.precision[k]),
            "recall": float(scores.recall[k]),
            "f1": float(scores.f1[k]),
            "average_precision": float(scores.average_precision[k]) if scores.support[k] else None,
            "threshold": float(model.thresholds[k]),
        }
        for k, name in enumerate(model.space.names)
    ]


def _calibration(before: Floats, after: Floats, truth: NDArray[np.uint8], bins: int = 10) -> dict[str, Any]:
    """How far probabilities of labels and their shares lie apart, over all pairs of a row and a label."""
    curves = {
        name: _reliability(proba.ravel(), truth.ravel(), bins) for name, proba in (("before", before), ("after", after))
    }
    pairs = truth.size
    ece = {
        name: sum(b["count"] * abs(b["confidence"] - b["accuracy"]) for b in curve) / pairs
        for name, curve in curves.items()
    }
    return {"ece": ece, "reliability": curves}


def _reliability(proba: Floats, truth: NDArray[np.uint8], bins: int) -> list[dict[str, float]]:
    place = np.minimum((proba * bins).astype(np.int64), bins - 1)
    counts = np.bincount(place, minlength=bins)
    told, right = np.bincount(place, proba, bins), np.bincount(place, truth, bins)
    return [
        {"confidence": float(told[b] / counts[b]), "accuracy": float(right[b] / counts[b]), "count": int(counts[b])}
        for b in np.flatnonzero(counts)
    ]


def _promise(model: LabelsModel, proba: Floats, truth: NDArray[np.uint8]) -> dict[str, Any]:
    sets = model.conformal.sets(proba)
    found = (sets & (truth == 1)).sum(axis=1) / np.maximum(truth.sum(axis=1), 1)
    some = truth.any(axis=1)
    sizes = np.bincount(sets.sum(axis=1))
    return {
        "alpha": model.conformal.alpha,
        "method": "conformal risk control",
        "coverage": float(found[some].mean()) if some.any() else None,
        "mean_size": float(sets.sum(axis=1).mean()),
        "sizes": {str(size): int(count) for size, count in enumerate(sizes) if count},
        "guarantee": model.conformal.guarantee,
        "calibrated_on": model.conformal.calibrated_on,
    }


def _listed(made: Made, doubtful: Sequence[Doubt], rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Doubtful labels as the report tells them."""
    names = made.problem.space.names
    return [
        {
            "id": made.table.ids[rows[place]],
            "text": shown(made.table.texts[rows[place]]),
            "label": names[k],
            "given": given,
            "score": score,
        }
        for score, place, k, given in doubtful
    ]


def doubtful_labels(proba: Floats, truth: NDArray[np.uint8]) -> list[Doubt]:
    """Labels that are given and improbable, or not given and probable, the most doubtful first.

    Args:
        proba: Held-out probabilities (m, K).
        truth: Labels (m, K) as they stand.

    Returns:
        For each, the probability that it is right as it stands, its row, its column, and whether it is given.
    """
    found: list[Doubt] = []
    for k in range(truth.shape[1]):
        have = int(truth[:, k].sum())
        if min(have, len(truth) - have) < LEAST_ROWS:
            continue
        issues = label_issues(np.stack([1 - proba[:, k], proba[:, k]], axis=1), truth[:, k].astype(np.int64))
        found += [(float(s), int(r), k, bool(truth[r, k])) for r, s in zip(issues.rows, issues.scores, strict=True)]
    return sorted((one for one in found if one[0] < DOUBT), key=lambda one: one[0])


def _next(made: Made, answers: LabelsPredictions, settings: Settings) -> list[dict[str, Any]]:
    """Unlabelled rows whose labels are least sure, and that lie apart."""
    pool, names = askable_rows(made.problem, made.table), made.problem.space.names
    if len(pool) == 0:
        return []
    proba = answers.probabilities[pool]
    doubt = -(proba * np.log(np.maximum(proba, 1e-12)) + (1 - proba) * np.log(np.maximum(1 - proba, 1e-12)))
    unsure = pool[np.argsort(-doubt.sum(axis=1), kind="stable")[: WIDER * NEXT]]
    rows = np.concatenate([unsure, made.problem.rows])
    known = np.arange(len(rows)) >= len(unsure)
    rng = np.random.default_rng(settings.seed)
    chosen = k_center_query(made.problem.X[rows], np.full((len(rows), 2), 0.5), known, min(NEXT, len(unsure)), rng)
    out = []
    for row in rows[chosen]:
        own = answers.probabilities[row]
        open_ = int(np.abs(own - 0.5).argmin())
        out.append(
            {
                "id": made.table.ids[row],
                "text": shown(made.table.texts[row]),
                "prediction": ", ".join(names[k] for k in np.flatnonzero(answers.given[row])) or "no label",
                "probability": float(own[open_]),
                "reason": f"unsure of {names[open_]}",
            }
        )
    return out


def _test(made: Made, answers: LabelsPredictions) -> Mapping[str, Any] | None:
    """Figures of rows whose labels were hidden from every decision."""
    table, space = made.table, made.problem.space
    if table.hidden is None:
        return None
    found = parted(table.hidden, table.separator)
    rows = np.array([row for row, names in enumerate(found) if names is not None], dtype=np.int64)
    if len(rows) == 0:
        return None
    truth = indicators([found[row] for row in rows], space)
    proba = answers.probabilities[rows]
    scores = label_scores(truth, answers.given[rows].astype(np.uint8), proba)
    kept = (answers.sets[rows] & (truth == 1)).sum(axis=1) / np.maximum(truth.sum(axis=1), 1)
    return {
        "rows": len(rows),
        "micro_f1": scores.micro_f1,
        "macro_f1": scores.macro_f1,
        "log_loss": float(label_losses(proba, truth).mean()),
        "coverage": float(kept[truth.any(axis=1)].mean()) if truth.any() else None,
        "mean_size": float(answers.sets[rows].sum(axis=1).mean()),
    }
