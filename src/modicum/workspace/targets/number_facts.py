"""What a report tells of a target that is a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.evaluation.metrics import interval_metrics, number_scores
from modicum.labels.active import k_center_query
from modicum.labels.conformal import error_bounds
from modicum.workspace.findings import askable_rows, shown
from modicum.workspace.report.wording import significant
from modicum.workspace.settings import Settings
from modicum.workspace.targets.models import NumberModel, NumberPredictions
from modicum.workspace.targets.target import Made

Floats = NDArray[np.floating]
Held = tuple[Floats, Floats, NDArray[np.int64]]
SUSPICIOUS = 3.5
"""Robust standard deviations from which on an error is suspicious: Iglewicz & Hoaglin's figure for outliers."""
MOST_POINTS, MOST_ERRORS, NEXT, WIDER, PARTS = 600, 200, 20, 5, 5


def number_facts(made: Made, held: Held, settings: Settings) -> dict[str, Any]:
    """Sections that only this kind of target has; `held` are predictions, truths and rows of held-out answers."""
    predicted, truth, _ = held
    model, answers = made.model, made.answers
    if not isinstance(model, NumberModel) or not isinstance(answers, NumberPredictions):
        raise TypeError("these are no answers of numbers")
    known, doubtful = np.asarray(made.problem.targets)[made.problem.labelled], _doubtful(made, held)
    rng = np.random.default_rng(settings.seed)
    return {
        "data": {"classes": None, "numbers": _spread(known)},
        "errors": asdict(number_scores(truth, predicted))
        | {"median_absolute": float(np.median(np.abs(truth - predicted)))},
        "scatter": _scatter(made, held, rng),
        "conformal": _promise(model, predicted, truth),
        "label_errors": doubtful[:MOST_ERRORS],
        "totals": {"label_errors": len(doubtful)},
        "next_to_label": _next(made, model, answers, rng),
        "test": _test(made, answers),
        "map_classes": _parts(made, answers),
    }


def _spread(values: Floats) -> dict[str, float]:
    told = {"least": values.min(), "median": np.median(values), "mean": values.mean(), "most": values.max()}
    return {name: float(value) for name, value in (told | {"deviation": values.std()}).items()}


def _scatter(made: Made, held: Held, rng: np.random.Generator) -> list[dict[str, Any]]:
    """A sample of held-out rows: the true number and the predicted one."""
    predicted, truth, rows = held
    drawn = np.sort(rng.permutation(len(rows))[:MOST_POINTS])
    return [
        {
            "true": float(truth[i]),
            "predicted": float(predicted[i]),
            "id": made.table.ids[rows[i]],
            "text": shown(made.table.texts[rows[i]]),
        }
        for i in drawn
    ]


def _promise(model: NumberModel, predicted: Floats, truth: Floats) -> dict[str, Any]:
    """What the intervals promise, and what those of each half of the rows hold under the errors of the other half."""
    rule, errors = model.conformal, truth - predicted
    low, high = np.empty(len(truth)), np.empty(len(truth))
    first = np.arange(len(truth)) % 2 == 0
    for half in (first, ~first):
        lower, upper = error_bounds(errors[~half], rule.alpha)
        low[half], high[half] = predicted[half] + lower, predicted[half] + upper
    finite = bool(np.isfinite(rule.upper - rule.lower))
    checked = bool(np.isfinite(high - low).all())
    return {
        "alpha": rule.alpha,
        "method": "conformal intervals from held-out errors",
        "coverage": interval_metrics(low, high, truth).coverage if checked else None,
        "width": rule.upper - rule.lower if finite else None,
        "lower": rule.lower if finite else None,
        "upper": rule.upper if finite else None,
        "share_of_range": (rule.upper - rule.lower) / float(np.ptp(truth)) if finite and np.ptp(truth) > 0 else None,
        "guarantee": rule.guarantee,
        "calibrated_on": rule.calibrated_on,
    }


def _doubtful(made: Made, held: Held) -> list[dict[str, Any]]:
    """Numbers far from what a model that has not seen them predicts, the farthest first."""
    predicted, truth, rows = held
    errors = truth - predicted
    scale = 1.4826 * float(np.median(np.abs(errors - np.median(errors))))
    if scale == 0:
        return []
    far = np.abs(errors - np.median(errors)) / scale
    order = np.argsort(-far, kind="stable")
    return [
        {
            "id": made.table.ids[rows[i]],
            "text": shown(made.table.texts[rows[i]]),
            "label": float(truth[i]),
            "suggested": float(predicted[i]),
            "score": float(far[i]),
        }
        for i in order
        if far[i] > SUSPICIOUS
    ]


def _next(made: Made, model: NumberModel, answers: NumberPredictions, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Unlabelled rows on which the pooled recipes disagree most, and that lie apart; without a pool, those far off."""
    problem, pool = made.problem, askable_rows(made.problem, made.table)
    if len(pool) == 0:
        return []
    apart = model.spread(problem.X[pool])
    disagree = bool(apart.max() > 0)
    wider = pool[np.argsort(-apart, kind="stable")[: WIDER * NEXT]] if disagree else pool
    rows = np.concatenate([wider, problem.rows])
    known = np.arange(len(rows)) >= len(wider)
    chosen = k_center_query(problem.X[rows], np.full((len(rows), 2), 0.5), known, min(NEXT, len(wider)), rng)
    spread = dict(zip(pool.tolist(), apart.tolist(), strict=True))
    return [
        {
            "id": made.table.ids[row],
            "text": shown(made.table.texts[row]),
            "prediction": float(answers.values[row]),
            "reason": f"recipes differ by ± {significant(spread[row], 3)}" if disagree else "unlike all labelled rows",
        }
        for row in rows[chosen].tolist()
    ]


def _test(made: Made, answers: NumberPredictions) -> Mapping[str, Any] | None:
    """Figures of rows whose numbers were hidden from every decision."""
    hidden = made.table.hidden
    if hidden is None or not any(value is not None for value in hidden):
        return None
    rows = np.array([row for row, value in enumerate(hidden) if value is not None], dtype=np.int64)
    try:
        truth = np.array([float(str(hidden[row])) for row in rows])
    except ValueError as error:
        raise InputError(f"a hidden label of {made.table.source} is no number ({error}); hide numbers only") from error
    told = asdict(number_scores(truth, answers.values[rows]))
    finite = np.isfinite(answers.high - answers.low).all()
    facts = interval_metrics(answers.low[rows], answers.high[rows], truth)
    return {"rows": len(rows), **told, "coverage": facts.coverage if finite else None}


def _parts(made: Made, answers: NumberPredictions) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of fifths of the labelled numbers, and the fifth of each row's true or predicted number."""
    problem = made.problem
    values = np.where(problem.labelled, np.asarray(problem.targets), answers.values)
    edges = np.unique(np.quantile(np.asarray(problem.targets)[problem.labelled], np.linspace(0, 1, PARTS + 1)[1:-1]))
    if len(edges) < 2:
        names = tuple(f"{word} {significant(edge, 3)}" for edge in edges for word in ("under", "from"))
        return names, np.searchsorted(edges, values, side="right").astype(np.int64)
    inner = [f"{significant(a, 3)} to {significant(b, 3)}" for a, b in pairwise(edges)]
    names = (f"under {significant(edges[0], 3)}", *inner, f"from {significant(edges[-1], 3)}")
    return names, np.searchsorted(edges, values, side="right").astype(np.int64)
