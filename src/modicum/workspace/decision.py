"""What is shipped and why: one entry per recipe, and the decision in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.texts import counted, percent
from modicum.evaluation import metrics
from modicum.workspace.ladder.choice import Choice
from modicum.workspace.ladder.climb import Climb, Trial
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import BASELINE


def ladder_rows(
    climb: Climb, choice: Choice | None, y: NDArray[np.int64], tests: dict[str, float]
) -> list[dict[str, Any]]:
    """One entry per recipe and one for the pool: what it is, what it showed, whether it was shipped."""
    shares = _shares(choice)
    entries = []
    for trial in climb.trials:
        entry = entry_of(trial)
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


def entry_of(trial: Trial) -> dict[str, Any]:
    """What a trial is and took, without what it showed."""
    return {
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


def hindrance(problem: Problem) -> str:
    """Why held-out rows of a problem tell nothing, where they do not, and what to label."""
    alone = np.bincount(problem.y)[problem.y] == 1
    if alone.mean() >= 0.5:
        return "with one label a class: label a second row of each"
    if problem.times is not None:
        return "since most labelled rows have none of their class before them in time: label earlier rows of each class"
    return (
        "since most classes have all their labelled rows in one group (texts that say the same are one): label rows of "
        "each in another"
    )


def decision(choice: Choice, ladder: Sequence[dict[str, Any]], labelled: int, hindered: str) -> str:
    """One sentence: what is shipped, what it is expected to reach, and what the next best would bring.

    `hindered` is what is said in place of the accuracy where it was not measured; see `hindrance`.
    """
    shipped = next(entry for entry in ladder if entry["name"] == choice.shipped.name)
    what = "a pool of unlike recipes" if shipped["name"] == "pool" else f"the recipe “{shipped['name']}”"
    words = f"With {labelled} labels, {what} is shipped"
    if shipped["cv_accuracy"] is None:
        return f"{words}; how good it is cannot be measured {hindered}."
    words += f": expected accuracy {percent(shipped['cv_accuracy'])}"
    if shipped["cv_se"]:
        words += f" ± {100 * 1.96 * shipped['cv_se']:.1f} points"
    others = [e for e in ladder if e["cv_accuracy"] is not None and e["name"] != shipped["name"]]
    if others:
        rival = min(others, key=lambda e: e["expected_loss"])
        pace = _pace(rival["seconds_per_1000_items"], shipped["seconds_per_1000_items"])
        verdict = against(rival["expected_loss"], shipped["expected_loss"])
        words += f"; the next best, “{rival['name']}”, {verdict}{pace}"
    return words + "."


def unmeasured(labelled: int, recipes: int) -> str:
    """What decides where no labelled row can be held out, and what to label.

    Example:
        >>> print(unmeasured(0, 7)[:70])
        Without a label nothing can be measured: the class names alone decide,
    """
    few, who, rows = "Without a label", "the class names alone", "a few rows of each class"
    if labelled:
        few, who = f"With {counted(labelled, 'label')}", "labels and class names"
    if labelled > 1:
        few, rows = f"{few} in one group", "rows of at least two groups"
    said = f"{few} nothing can be measured: {who} decide, pooled over {recipes} recipes"
    return f"{said}; label {rows} to learn how good that is."


def grounds(
    choice: Choice,
    ladder: Sequence[dict[str, Any]],
    budget: float,
    elsewhere: float | None = None,
    *,
    corrected: bool = False,
) -> list[str]:
    """Sentences that belong to the decision: the baseline, other class shares, and what was not tried.

    `elsewhere` is the accuracy expected on unlabelled rows, where their classes have other shares, and `corrected`
    whether answers are corrected for them.
    """
    said = []
    baseline = next((e for e in ladder if e["name"] == BASELINE), None)
    if baseline and baseline["cv_accuracy"] is not None and choice.shipped.name != BASELINE:
        said.append(f"Plain logistic regression reaches {percent(baseline['cv_accuracy'])}.")
    if elsewhere is not None:
        what = "The unlabelled rows seem to hold the classes in other shares than the labelled ones"
        then = ", under which about {} is to be expected, and prediction sets may miss more often than promised."
        if corrected:
            then = "; answers and prediction sets are corrected for that, and about {} is to be expected there."
        said.append(what + then.format(percent(elsewhere)))
    skipped = [e["name"] for e in ladder if e["status"] == "skipped" and "budget" in (e["reason"] or "")]
    if skipped:
        said.append(f"Not tried for lack of budget ({budget:g} s): {', '.join(skipped)}.")
    return said


def against(rival: float, shipped: float) -> str:
    """What another candidate would cost or bring, from the losses expected of it and of what is shipped, 0 to 1.

    Example:
        >>> against(0.02, 0.005), against(0.0, 0.005), against(0.0, 0.0)
        ('is expected to lose 1.5 points', 'is expected to bring 0.5 points', 'is expected to lose 0.0 points')
    """
    lead = 100 * (rival - shipped)
    return f"is expected to lose {lead:.1f} points" if lead >= 0 else f"is expected to bring {-lead:.1f} points"


def _pace(rival: float, shipped: float) -> str:
    return f" at {rival / shipped:.1f} times the time per item" if shipped > 0 else ""
