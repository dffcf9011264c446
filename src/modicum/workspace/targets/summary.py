"""What a report of several labels or of a number says in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modicum.core.texts import counted
from modicum.workspace.decision import against
from modicum.workspace.report.parts import total
from modicum.workspace.report.wording import significant

Report = Mapping[str, Any]


def decision(report: Report) -> str:
    """One sentence: what is shipped, what it reaches on held-out rows, and what the plain baseline reaches."""
    shipped = _entry(report, report["chosen"]["name"])
    what = "a pool of unlike recipes" if shipped["name"] == "pool" else f"the recipe “{shipped['name']}”"
    words = f"With {report['data']['labelled']:,} labelled rows, {what} is shipped: {_reached(report, shipped)}"
    baseline = _entry(report, report["target"]["baseline"])
    if baseline and baseline is not shipped and baseline["cv_skill"] is not None:
        words += f"; plain {_plain(report)} reaches {_reached(report, baseline)}"
    return words + "."


def grounds(report: Report, budget: float) -> list[str]:
    """Sentences that belong to the decision: the next best, its price, and what was not tried."""
    said = []
    shipped = _entry(report, report["chosen"]["name"])
    others = [e for e in report["ladder"] if e["cv_skill"] is not None and e["name"] != shipped["name"]]
    if others:
        rival = min(others, key=lambda entry: entry["expected_loss"])
        verdict = against(rival["expected_loss"], shipped["expected_loss"])
        own = shipped["seconds_per_1000_items"]
        pace = f" at {significant(rival['seconds_per_1000_items'] / own, 2)} times the time per item" if own > 0 else ""
        said.append(f"The next best, “{rival['name']}”, {verdict} of {_skill_name(report)}{pace}.")
    if shipped["cv_skill"] is not None and shipped["cv_skill"] <= max(0.0, 1.96 * (shipped["cv_se"] or 0.0)):
        said.append("That is not clearly better than giving every row the same answer: the texts may not tell it.")
    skipped = [e["name"] for e in report["ladder"] if e["status"] == "skipped" and "budget" in (e["reason"] or "")]
    if skipped:
        said.append(f"Not tried for lack of budget ({budget:g} s): {', '.join(skipped)}.")
    return said


def summary(report: Report) -> list[str]:
    """A handful of sentences for a reader who does not know the terms of the field."""
    return [*(_labels if report["target"]["kind"] == "labels" else _number)(report), *_common(report)]


def _labels(report: Report) -> list[str]:
    data, sets = report["data"], report["conformal"]
    shipped = _entry(report, report["chosen"]["name"])
    rows = (
        f"The table holds {data['rows']:,} texts, of which {data['labelled']:,} carry {data['labels_per_row']:.1f} of "
    )
    agree = f"On rows like the labelled ones, predicted and true labels agree to {100 * shipped['cv_micro_f1']:.0f} % "
    said = [
        f"{rows}{data['classes']} labels each on average.",
        f"{agree}(micro F1: false and missed labels both count).",
    ]
    weak = sorted((row for row in report["per_label"] if row["labelled"]), key=lambda row: row["f1"])[:3]
    if len(report["per_label"]) > len(weak) > 0:
        said.append("Hardest to tell are " + ", ".join(f"“{row['name']}”" for row in weak) + ".")
    if sets["coverage"] is not None:
        held = (
            f"Where a label must not be missed, the wider sets hold {100 * sets['coverage']:.0f} of 100 true labels, "
        )
        said.append(f"{held}with {sets['mean_size']:.1f} labels a row.")
    return said


def _number(report: Report) -> list[str]:
    data, errors, promise = report["data"], report["errors"], report["conformal"]
    spread = {name: significant(value, 3) for name, value in data["numbers"].items()}
    rows = f"The table holds {data['rows']:,} texts; {data['labelled']:,} carry a number, from {spread['least']} to "
    off = f"Predicted numbers are off by {significant(errors['mae'], 3)} on average, and by at most "
    half = f"{significant(errors['median_absolute'], 3)} in half of the cases; the texts tell "
    said = [
        f"{rows}{spread['most']}, {spread['mean']} on average.",
        f"{off}{half}{max(0.0, 100 * errors['r2']):.0f} % of what makes the numbers differ.",
    ]
    if promise["width"] is not None:
        held = "" if promise["coverage"] is None else f", and hold the truth in {100 * promise['coverage']:.0f} of 100"
        below, above = significant(-promise["lower"], 3), significant(promise["upper"], 3)
        said.append(f"Intervals reach from {below} below to {above} above the predicted number{held}.")
    return said


def _common(report: Report) -> list[str]:
    said = []
    doubtful, coming = total(report, "label_errors"), len(report["next_to_label"] or ())
    if doubtful:
        what = "label" if report["target"]["kind"] == "labels" else "number"
        held = counted(doubtful, f"{what} is", f"{what}s are")
        said.append(f"{held} contradicted by the model and worth a second look.")
    if coming:
        said.append(f"A label for the {counted(coming, 'row')} listed below would help most.")
    return said


def _entry(report: Report, name: str) -> dict[str, Any]:
    return next((entry for entry in report["ladder"] if entry["name"] == name), {})


def _plain(report: Report) -> str:
    return "one-vs-rest logistic regression" if report["target"]["kind"] == "labels" else "ridge regression"


def _skill_name(report: Report) -> str:
    return "the log-loss saved" if report["target"]["kind"] == "labels" else "the variance explained"


def _reached(report: Report, entry: Mapping[str, Any]) -> str:
    if report["target"]["kind"] == "labels":
        return f"micro F1 {100 * entry['cv_micro_f1']:.1f} %, macro F1 {100 * entry['cv_macro_f1']:.1f} %"
    half = f" ± {196 * entry['cv_se']:.1f}" if entry["cv_se"] else ""
    explained = f"{100 * entry['cv_r2']:.1f}{half} % of the variance explained"
    return f"mean absolute error {significant(entry['cv_mae'], 3)}, {explained}"
