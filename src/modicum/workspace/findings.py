"""What was found in the table and on held-out rows, as plain JSON: the parts of report.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.records import LabelSpace, Table
from modicum.core.texts import shortened
from modicum.data.dedup import conflicts
from modicum.data.leaks import shortcuts
from modicum.evaluation import metrics
from modicum.labels.active import margin_query
from modicum.labels.conformal import ConformalRule
from modicum.workspace.ladder.doubted import Doubted
from modicum.workspace.ladder.held_out import HeldOut
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.model import Predictions
from modicum.workspace.same_texts import SameTexts
from modicum.workspace.shifted import Shift

Floats = NDArray[np.floating]
TEXT_LIMIT = 300
"""Characters of a text that the report shows."""


def shown(text: str) -> str:
    """A text cut to what the report shows."""
    return shortened(text, TEXT_LIMIT)


def data_facts(table: Table, space: LabelSpace, same: SameTexts) -> dict[str, Any]:
    """Rows, labels, classes, duplicates and conflicts of the table."""
    codes, labelled = space.encode(table.labels)
    counts = np.bincount(codes[labelled], minlength=len(space))
    repeated, near = (len(table) - len(np.unique(groups)) for groups in (same.exact, same.near))
    return {
        "source": table.source,
        "kind": "texts" if table.images is None else "images",
        "text_column": table.text_column,
        "rows": len(table),
        "labelled": int(labelled.sum()),
        "classes": len(space),
        "class_counts": dict(zip(space.names, counts.tolist(), strict=True)),
        "duplicates": repeated,
        "near_duplicates": near,
        "conflicts": [table.ids[row] for row in conflicts(same.exact, table.labels)],
    }


def conflicting(table: Table, same: SameTexts, top: int = 100) -> tuple[list[dict[str, Any]], int]:
    """Labelled rows that say the same, or nearly, under different labels, one entry per group; and all such groups."""
    rows = conflicts(same.near, table.labels)
    groups = np.unique(same.near[rows])
    found = [rows[same.near[rows] == group] for group in groups[:top]]
    entries = [
        {
            "ids": [table.ids[row] for row in group],
            "texts": [shown(table.texts[row]) for row in group],
            "labels": [table.labels[row] for row in group],
        }
        for group in found
    ]
    return entries, len(groups)


def found_shortcuts(table: Table, problem: Problem, top: int = 30) -> list[dict[str, Any]] | None:
    """Words of the labelled rows that all but decide the class; None for images, which hold no words."""
    if table.images is not None:
        return None
    texts = [table.texts[row] for row in problem.rows]
    found = shortcuts(texts, problem.y, len(problem.space))
    names = problem.space.names
    return [
        {"feature": f"the word “{word}”", "class": names[code], "rows": int(rows), "share": float(share)}
        for word, code, rows, share in zip(found.words, found.codes, found.rows, found.shares, strict=True)
    ][:top]


def class_results(found: HeldOut, predicted: NDArray[np.int64], space: LabelSpace) -> list[dict[str, Any]]:
    """Precision, recall and F1 of every class on held-out rows."""
    scores = metrics.per_class(found.codes, predicted, len(space))
    counts = np.bincount(predicted, minlength=len(space))
    return [
        {
            "name": name,
            "labelled": int(scores.support[k]),
            "predicted": int(counts[k]),
            "precision": float(scores.precision[k]),
            "recall": float(scores.recall[k]),
            "f1": float(scores.f1[k]),
        }
        for k, name in enumerate(space.names)
    ]


def confusions(found: HeldOut, predicted: NDArray[np.int64], space: LabelSpace, top: int = 20) -> list[dict[str, Any]]:
    """The most frequent confusions on held-out rows."""
    return [
        {"truth": space.names[c.truth], "predicted": space.names[c.predicted], "count": c.count, "share": c.share}
        for c in metrics.confusions(found.codes, predicted, len(space), top=top)
    ]


def calibration(found: HeldOut, after: Floats, bins: int = 10) -> dict[str, Any]:
    """Expected calibration error and reliability, before and after the temperature."""
    both = {"before": found.before, "after": after}
    curves = {}
    for name, proba in both.items():
        curve = metrics.reliability_curve(proba, found.codes, bins=bins)
        curves[name] = [
            {"confidence": float(c), "accuracy": float(a), "count": int(n)}
            for c, a, n in zip(curve.confidence, curve.accuracy, curve.count, strict=True)
            if n
        ]
    ece = {name: float(metrics.expected_calibration_error(p, found.codes, bins=bins)) for name, p in both.items()}
    return {"temperature": found.temperature, "ece": ece, "reliability": curves}


def label_errors(doubted: Doubted | None, table: Table, space: LabelSpace, top: int = 200) -> list[dict[str, Any]]:
    """Labels that neighbours and the held-out model contradict, least credible first."""
    if doubted is None:
        return []
    rows, judged, names = doubted.rows, doubted.judged, space.names
    return [
        {
            "id": table.ids[rows[place]],
            "text": shown(table.texts[rows[place]]),
            "label": names[doubted.codes[place]],
            "suggested": names[judged.suggested[place]],
            "score": float(judged.values[place]),
        }
        for place in judged.suspects[:top]
    ]


def shift_facts(found: Shift | None, space: LabelSpace, corrected: bool) -> dict[str, Any] | None:
    """Estimated class shares of the unlabelled rows beside those of the labelled ones."""
    if found is None:
        return None
    return {
        "method": "maximum likelihood on the unlabelled rows",
        "labelled": dict(zip(space.names, found.labelled.tolist(), strict=True)),
        "estimated": dict(zip(space.names, found.estimated.tolist(), strict=True)),
        "l1": float(np.abs(found.labelled - found.estimated).sum()),
        "corrected": corrected,
        "expected_gain": found.gain,
    }


def accuracy_under(estimated: dict[str, float], per_class: Sequence[dict[str, Any]]) -> float | None:
    """Accuracy to be expected where classes have the estimated shares: held-out recall, weighted by them.

    Classes without a labelled row are left out; None where nothing is left.
    """
    known = {row["name"]: row["recall"] for row in per_class if row["labelled"]}
    mass = sum(estimated[name] for name in known)
    return sum(estimated[name] * recall for name, recall in known.items()) / mass if mass > 0 else None


def askable_rows(problem: Problem, table: Table) -> NDArray[np.int64]:
    """Rows (M,), ascending, whose label nobody has given and a model could learn from: none that a split kept back."""
    rows = problem.unlabelled_rows
    return rows if table.test is None else rows[~table.test[rows]]


def next_to_label(
    problem: Problem, answers: Predictions, table: Table, rng: np.random.Generator, budget: int = 20
) -> list[dict[str, Any]]:
    """The unlabelled rows whose label would help most."""
    pool = askable_rows(problem, table)
    rows = np.sort(np.concatenate([problem.rows, pool]))
    labelled = problem.labelled[rows]
    chosen = margin_query(problem.X[rows], answers.probabilities[rows], labelled, min(budget, len(pool)), rng)
    names = problem.space.names
    out = []
    for row in rows[chosen]:
        best, second = np.argsort(answers.probabilities[row])[::-1][:2]
        out.append(
            {
                "id": table.ids[row],
                "text": shown(table.texts[row]),
                "prediction": names[best],
                "probability": float(answers.probabilities[row, best]),
                "reason": f"torn between {names[best]} and {names[second]}",
            }
        )
    return out


def conformal_facts(codes: NDArray[np.int64], sets: NDArray[np.bool_], rule: ConformalRule) -> dict[str, Any]:
    """Coverage and sizes of prediction sets (m, K) on held-out rows of classes (m,)."""
    facts = metrics.set_metrics(sets, codes)
    sizes = np.bincount(sets.sum(axis=1))
    return {
        "alpha": rule.alpha,
        "method": rule.score,
        "coverage": facts.coverage,
        "mean_size": facts.mean_size,
        "sizes": {str(size): int(count) for size, count in enumerate(sizes) if count},
        "guarantee": rule.guarantee,
        "calibrated_on": rule.calibrated_on,
    }
