"""What was found on the way to the model, as plain JSON: the parts of report.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import softmax
from modicum.core.records import LabelSpace, Table
from modicum.data.dedup import conflicts
from modicum.data.leaks import shortcuts
from modicum.evaluation import metrics
from modicum.labels.active import margin_query
from modicum.labels.calibration import fit_temperature
from modicum.labels.noisy import label_issues
from modicum.labels.shift import em_priors
from modicum.workspace.ladder.choice import Candidate, Choice
from modicum.workspace.ladder.climb import Climb
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import BASELINE
from modicum.workspace.model import Predictions
from modicum.workspace.same_texts import SameTexts

Floats = NDArray[np.floating]
TEXT_LIMIT = 300
"""Characters of a text that the report shows."""


def shown(text: str) -> str:
    """A text cut to what the report shows."""
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Out-of-fold answers of the shipped candidate, one row per labelled row that was ever held out."""

    rows: NDArray[np.int64]
    """Positions (m,) among the labelled rows."""
    codes: NDArray[np.int64]
    """True classes (m,)."""
    before: Floats
    """Probabilities (m, K) before the last temperature, mean over repeats of log-probabilities."""
    temperature: float
    represented: NDArray[np.bool_]
    """Whether the row's class had another labelled row to learn from."""

    @property
    def after(self) -> Floats:
        """Calibrated probabilities (m, K)."""
        return softmax(np.log(np.maximum(self.before, 1e-300)) / self.temperature)


def held_out(candidate: Candidate, climb: Climb, y: NDArray[np.int64]) -> HeldOut:
    """Gather the out-of-fold answers of a candidate, and fit the temperature that calibrates them."""
    rows = np.flatnonzero((climb.folds >= 0).all(axis=0))
    before = softmax(candidate.log_proba[:, rows].mean(axis=0))
    temperature = fit_temperature(np.log(np.maximum(before, 1e-300)), y[rows])
    return HeldOut(rows, y[rows], before, temperature, np.asarray(climb.represented[:, rows].all(axis=0)))


def cross_fitted(found: HeldOut, folds: NDArray[np.int64]) -> Floats:
    """Probabilities (m, K), each row under a temperature that other folds' rows gave: for honest figures."""
    logs = np.log(np.maximum(found.before, 1e-300))
    out = np.empty_like(found.before)
    for fold in np.unique(folds):
        inside = folds == fold
        outside = ~inside if (~inside).any() else inside
        out[inside] = softmax(logs[inside] / fit_temperature(logs[outside], found.codes[outside]))
    return out


def ladder_rows(
    climb: Climb, choice: Choice | None, y: NDArray[np.int64], tests: dict[str, float]
) -> list[dict[str, Any]]:
    """One entry per recipe and one for the pool: what it is, what it showed, whether it was shipped."""
    shares = _shares(choice)
    entries = []
    for trial in climb.trials:
        entry = {
            "name": trial.recipe.name,
            "steps": [str(step) for step in trial.recipe.steps],
            "rung": trial.recipe.rung,
            "status": "tried" if trial.tried else "skipped",
            "reason": trial.reason,
            "seconds": round(trial.seconds, 3),
            "parameters_moved": trial.parameters,
            "megabytes": round(trial.megabytes, 3),
            "seconds_per_1000_items": round(trial.seconds_per_1000, 5),
        }
        entries.append(entry | _shown_by(choice, climb, y, trial.recipe.name, shares, tests))
    if choice is not None and any(c.name == "pool" for c in choice.candidates):
        pool = choice.get("pool")
        entry = {
            "name": "pool",
            "steps": ["pool of " + ", ".join(trial.recipe.name for trial in pool.trials)],
            "rung": max(trial.recipe.rung for trial in pool.trials),
            "status": "tried",
            "reason": None,
            "seconds": round(sum(trial.seconds for trial in pool.trials), 3),
            "parameters_moved": sum(trial.parameters for trial in pool.trials),
            "megabytes": round(sum(trial.megabytes for trial in pool.trials), 3),
            "seconds_per_1000_items": round(pool.seconds_per_1000, 5),
        }
        entries.append(entry | _shown_by(choice, climb, y, "pool", shares, tests))
    return entries


def _shares(choice: Choice | None) -> dict[str, float]:
    if choice is None:
        return {}
    shipped = choice.shipped
    return {t.recipe.name: float(w) for t, w in zip(shipped.trials, shipped.weights, strict=True)}


def _shown_by(
    choice: Choice | None,
    climb: Climb,
    y: NDArray[np.int64],
    name: str,
    shares: dict[str, float],
    tests: dict[str, float],
) -> dict[str, Any]:
    found = next((c for c in choice.candidates if c.name == name), None) if choice else None
    out: dict[str, Any] = dict.fromkeys(("cv_accuracy", "cv_se", "cv_log_loss", "cv_macro_f1", "expected_loss"))
    if found is not None and choice is not None:
        out["expected_loss"] = choice.expected_loss.get(name)
    if found is not None and climb.measurable:
        measured = climb.folds >= 0
        repeats, rows = np.nonzero(measured)
        log_proba = found.log_proba[repeats, rows]
        right = (log_proba.argmax(axis=1) == y[rows]).astype(float)
        per_row = np.bincount(rows, right, len(y))[measured.any(axis=0)] / measured.sum(axis=0)[measured.any(axis=0)]
        out |= {
            "cv_accuracy": float(right.mean()),
            "cv_se": float(per_row.std(ddof=1) / np.sqrt(len(per_row))) if len(per_row) > 1 else None,
            "cv_log_loss": float(-log_proba[np.arange(len(rows)), y[rows]].mean()),
            "cv_macro_f1": float(metrics.macro_f1(y[rows], log_proba.argmax(axis=1))),
        }
    chosen = choice is not None and choice.shipped.name == name
    out |= {"weight": shares.get(name, 0.0), "chosen": chosen, "test_accuracy": tests.get(name)}
    return out


def data_facts(table: Table, space: LabelSpace, same: SameTexts) -> dict[str, Any]:
    """Rows, labels, classes, duplicates and conflicts of the table."""
    codes, labelled = space.encode(table.labels)
    counts = np.bincount(codes[labelled], minlength=len(space))
    repeated, near = (len(table) - len(np.unique(groups)) for groups in (same.exact, same.near))
    return {
        "source": table.source,
        "text_column": table.text_column,
        "rows": len(table),
        "labelled": int(labelled.sum()),
        "classes": len(space),
        "class_counts": dict(zip(space.names, counts.tolist(), strict=True)),
        "duplicates": repeated,
        "near_duplicates": near,
        "conflicts": [table.ids[row] for row in conflicts(same.exact, table.labels)],
    }


def conflicting(table: Table, same: SameTexts, top: int = 100) -> list[dict[str, Any]]:
    """Labelled rows that say the same, or nearly, under different labels, one entry per group."""
    rows = conflicts(same.near, table.labels)
    found = [rows[same.near[rows] == group] for group in np.unique(same.near[rows])[:top]]
    return [
        {
            "ids": [table.ids[row] for row in group],
            "texts": [shown(table.texts[row]) for row in group],
            "labels": [table.labels[row] for row in group],
        }
        for group in found
    ]


def found_shortcuts(table: Table, problem: Problem, top: int = 30) -> list[dict[str, Any]]:
    """Words of the labelled rows that all but decide the class."""
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


def label_errors(found: HeldOut, proba: Floats, table: Table, problem: Problem, top: int = 200) -> list[dict[str, Any]]:
    """Labels that the held-out model contradicts, most suspicious first; classes of one label are never accused."""
    keep = np.flatnonzero(found.represented)
    if len(keep) < 2:
        return []
    issues = label_issues(proba[keep], found.codes[keep])
    names = problem.space.names
    out = []
    for place, suggested, score in zip(issues.rows[:top], issues.suggested[:top], issues.scores[:top], strict=True):
        row = problem.rows[found.rows[keep[place]]]
        out.append(
            {
                "id": table.ids[row],
                "text": shown(table.texts[row]),
                "label": names[problem.codes[row]],
                "suggested": names[suggested],
                "score": float(score),
            }
        )
    return out


def shift(problem: Problem, proba: Floats) -> dict[str, Any] | None:
    """Estimated class shares of the unlabelled rows beside those of the labelled ones; `proba` (N, K) of all rows."""
    pool = problem.unlabelled_rows
    if len(pool) == 0 or len(problem.rows) == 0:
        return None
    counts = np.bincount(problem.y, minlength=len(problem.space))
    shares = counts / counts.sum()
    train = (counts + 1) / (counts + 1).sum()
    estimated = em_priors(proba[pool], train).priors
    names = problem.space.names
    return {
        "method": "expectation-maximisation on the unlabelled rows",
        "labelled": dict(zip(names, shares.tolist(), strict=True)),
        "estimated": dict(zip(names, estimated.tolist(), strict=True)),
        "l1": float(np.abs(shares - estimated).sum()),
    }


def accuracy_under(estimated: dict[str, float], per_class: Sequence[dict[str, Any]]) -> float | None:
    """Accuracy to be expected where classes have the estimated shares: held-out recall, weighted by them.

    Classes without a labelled row are left out; None where nothing is left.
    """
    known = {row["name"]: row["recall"] for row in per_class if row["labelled"]}
    mass = sum(estimated[name] for name in known)
    return sum(estimated[name] * recall for name, recall in known.items()) / mass if mass > 0 else None


def next_to_label(
    problem: Problem, answers: Predictions, table: Table, rng: np.random.Generator, budget: int = 20
) -> list[dict[str, Any]]:
    """The unlabelled rows whose label would help most."""
    rows = margin_query(
        problem.X, answers.probabilities, problem.labelled, min(budget, len(problem.unlabelled_rows)), rng
    )
    names = problem.space.names
    out = []
    for row in rows:
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


def conformal_facts(found: HeldOut, sets: NDArray[np.bool_], rule: Any) -> dict[str, Any]:
    """Coverage and sizes of prediction sets on held-out rows."""
    facts = metrics.set_metrics(sets, found.codes)
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


def decision(choice: Choice, ladder: Sequence[dict[str, Any]], labelled: int) -> str:
    """One sentence: what is shipped, what it is expected to reach, and what the next best would bring."""
    shipped = next(entry for entry in ladder if entry["name"] == choice.shipped.name)
    what = "a pool of unlike recipes" if shipped["name"] == "pool" else f"the recipe “{shipped['name']}”"
    words = f"With {labelled} labels, {what} is shipped"
    if shipped["cv_accuracy"] is None:
        return f"{words}; how good it is cannot be measured with one label a class: label a second row of each."
    words += f": expected accuracy {_percent(shipped['cv_accuracy'])}"
    if shipped["cv_se"]:
        words += f" ± {100 * 1.96 * shipped['cv_se']:.1f} points"
    others = [e for e in ladder if e["cv_accuracy"] is not None and e["name"] != shipped["name"]]
    if others:
        rival = min(others, key=lambda e: e["expected_loss"])
        lead = 100 * (rival["expected_loss"] - shipped["expected_loss"])
        pace = _ratio(rival["seconds_per_1000_items"], shipped["seconds_per_1000_items"])
        verdict = f"is expected to lose {lead:.1f} points" if lead > 0 else f"would bring {-lead:.1f} points"
        words += f"; the next best, “{rival['name']}”, {verdict} at {pace} the time per item"
    return words + "."


def grounds(
    choice: Choice, ladder: Sequence[dict[str, Any]], budget: float, elsewhere: float | None = None
) -> list[str]:
    """Sentences that belong to the decision: the baseline, other class shares, and what was not tried.

    `elsewhere` is the accuracy expected on unlabelled rows, where their classes have other shares.
    """
    said = []
    baseline = next((e for e in ladder if e["name"] == BASELINE), None)
    if baseline and baseline["cv_accuracy"] is not None and choice.shipped.name != BASELINE:
        said.append(f"Plain logistic regression reaches {_percent(baseline['cv_accuracy'])}.")
    if elsewhere is not None:
        said.append(
            "The unlabelled rows seem to hold the classes in other shares than the labelled ones, under which about "
            f"{_percent(elsewhere)} is to be expected, and prediction sets may miss more often than promised."
        )
    skipped = [e["name"] for e in ladder if e["status"] == "skipped" and "budget" in (e["reason"] or "")]
    if skipped:
        said.append(f"Not tried for lack of budget ({budget:g} s): {', '.join(skipped)}.")
    return said


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _ratio(a: float, b: float) -> str:
    return f"{a / b:.1f} times" if b > 0 else "about"
