"""The pages of several labels and of a number: whole, escaped, and calm about what is missing."""

from __future__ import annotations

import re

import pytest

from modicum.workspace.report import render
from modicum.workspace.report.charts import scatter


def entry(name, **told):
    base = {
        "name": name, "steps": ["heads.X"], "rung": 1, "status": "tried", "reason": None, "seconds": 0.5,
        "parameters_moved": 3, "megabytes": 0.1, "seconds_per_1000_items": 0.01, "cv_accuracy": None, "cv_skill": 0.4,
        "cv_se": 0.02, "expected_loss": 0.0, "weight": 0.0, "chosen": False,
    }  # fmt: skip
    return base | told


def common(kind, figures, ladder):
    return {
        "schema": 1, "decision": "It is shipped.", "grounds": ["So."], "summary": ["Told <plainly>."],
        "target": {"kind": kind, "column": "c", "baseline": ladder[0]["name"], "figures": figures},
        "ladder": ladder, "chosen": {"name": ladder[-1]["name"], "members": []}, "test": None, "map": None,
        "encoder": {"name": "e", "dimension": 3, "fingerprint": "f"}, "timings": {"fit": 1.0}, "conflicts": [],
    }  # fmt: skip


def labels_report():
    figures = [{"key": "cv_micro_f1", "name": "micro F1", "unit": "share"}]
    ladder = [entry("one-vs-rest", cv_micro_f1=0.6), entry("pool", cv_micro_f1=0.7, cv_macro_f1=0.5, chosen=True)]
    row = {"labelled": 5, "predicted": 4, "precision": 0.5, "recall": 0.4, "f1": 0.44, "threshold": 0.3}
    return common("labels", figures, ladder) | {
        "data": {"rows": 20, "labelled": 10, "classes": 2, "class_counts": {"<b>": 5, "x": 6}, "labels_per_row": 1.1},
        "per_label": [row | {"name": "<b>", "average_precision": 0.5}, row | {"name": "x", "average_precision": None}],
        "calibration": {
            "ece": {"before": 0.1, "after": 0.05},
            "reliability": {"before": [{"confidence": 0.2, "accuracy": 0.3, "count": 4}], "after": []},
        },
        "conformal": {
            "alpha": 0.1, "coverage": 0.9, "mean_size": 1.4, "sizes": {"1": 3, "2": 7}, "method": "m",
            "guarantee": "About 90 %.", "calibrated_on": 10,
        },
        "label_errors": [{"id": "1", "text": "t<", "label": "x", "given": False, "score": 0.01}],
        "next_to_label": [{"id": "2", "text": "u", "prediction": "x", "probability": 0.5, "reason": "unsure of x"}],
    }  # fmt: skip


def number_report():
    figures = [{"key": "cv_r2", "name": "R²", "unit": "share"}, {"key": "cv_mae", "name": "MAE", "unit": "number"}]
    ladder = [entry("mean", cv_r2=-0.2, cv_mae=3.0, cv_skill=-0.2), entry("ridge", cv_r2=0.4, cv_mae=2.0, chosen=True)]
    spread = {"least": 1.0, "most": 9.0, "mean": 4.0, "median": 4.0, "deviation": 2.0}
    return common("number", figures, ladder) | {
        "data": {"rows": 20, "labelled": 10, "classes": None, "numbers": spread},
        "errors": {"mae": 2.0, "rmse": 3.0, "r2": 0.4, "median_absolute": 1.5},
        "scatter": [{"true": 1.0, "predicted": 2.0, "id": "1", "text": "<i>"}],
        "conformal": {
            "alpha": 0.1, "coverage": 0.9, "width": 4.0, "lower": -2.0, "upper": 2.0, "share_of_range": 0.5,
            "method": "m", "guarantee": "About 90 %.", "calibrated_on": 10,
        },
        "label_errors": [{"id": "1", "text": "t<", "label": 1.0, "suggested": 7.0, "score": 5.0}],
        "next_to_label": [{"id": "2", "text": "u", "prediction": 3.0, "reason": "recipes differ by ± 1"}],
    }  # fmt: skip


REPORTS = {"labels": labels_report, "number": number_report}


@pytest.mark.parametrize("kind", REPORTS)
def test_the_page_shows_what_was_found_and_escapes_it(kind):
    page = render(REPORTS[kind]())
    for word in ("The ladder", "Doubtful rows", "Next items to label", "What is guaranteed", "How to read this page"):
        assert word in page
    assert "<i>" not in page
    assert "t<<" not in page
    assert "Told &lt;plainly&gt;." in page
    assert ("Results by label" in page) == (kind == "labels")
    assert ("Held-out numbers" in page) == (kind == "number")


@pytest.mark.parametrize("kind", REPORTS)
def test_what_is_missing_is_said_and_breaks_nothing(kind):
    bare = {"target": {"kind": kind}, "data": {"rows": 3, "numbers": {}}}
    assert "No recipe was tried." in render(bare)


@pytest.mark.parametrize("kind", REPORTS)
def test_no_coverage_is_told_where_none_was_measured(kind):
    test = {"rows": 9, "micro_f1": 0.6, "macro_f1": 0.5, "mae": 1.0, "r2": 0.5, "mean_size": 1.5, "coverage": 0.9}
    measured, unmeasured = (render(REPORTS[kind]() | {"test": test | {"coverage": held}}) for held in (0.9, None))
    told = "hold 90.0\u202f% of the true" if kind == "labels" else "hold the truth in 90.0\u202f% of cases"
    assert told in measured
    assert "kept back" in unmeasured
    assert "on average hold" not in unmeasured
    assert "hold the truth in" not in unmeasured
    report = REPORTS[kind]()
    page = render(report | {"conformal": report["conformal"] | {"coverage": None}})
    assert ": <strong>–" not in page


@pytest.mark.parametrize(
    ("kind", "said"), [("labels", "1 label that looks wrong, to"), ("number", "1 number far from what")]
)
def test_one_doubtful_row_is_told_in_the_singular(kind, said):
    assert said in render(REPORTS[kind]())


@pytest.mark.parametrize(("kind", "what"), [("labels", "labels that look wrong"), ("number", "numbers far from")])
def test_doubtful_rows_that_are_not_listed_are_told(kind, what):
    report = REPORTS[kind]()
    page = render(report | {"label_errors": report["label_errors"] * 200, "totals": {"label_errors": 321}})
    assert f"321 {what}" in page
    assert "to be checked by a person; the first 200 are here." in page


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("kind", REPORTS)
def test_quiet_and_within_its_width(open_page, kind, width):
    page = open_page(REPORTS[kind](), width)
    assert page.noise == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_scatter_names_each_row_and_bears_one_point():
    drawn = scatter([{"true": 5.0, "predicted": 5.0, "id": "a", "text": "b"}], (-1.0, 1.0))
    assert "a: predicted 5.00, true 5.00: b" in drawn
    assert 'class="band"' in drawn
    assert "NaN" not in drawn


def ticks_of(*values):
    drawn = scatter([{"true": value, "predicted": value, "id": "a", "text": ""} for value in values])
    return [name.replace("\u202f", " ") for name in re.findall(r'class="tick end"[^>]*>([^<]*)<', drawn)]


def test_ticks_of_the_scatter_are_told_apart_whatever_their_size():
    assert ticks_of(12_000, 48_000) == ["20 000", "30 000", "40 000"]
    assert ticks_of(1_000_000, 1_100_000) == ["1 000 000", "1 050 000", "1 100 000"]
    assert ticks_of(1000, 1002) == ["1 000.0", "1 000.5", "1 001.0", "1 001.5", "1 002.0"]
    assert ticks_of(-0.2, 0.2) == ["−0.2", "−0.1", "0.0", "0.1", "0.2"]
    assert ticks_of(1e-14, 3e-14) == ["1.0e−14", "1.5e−14", "2.0e−14", "2.5e−14", "3.0e−14"]
    assert ticks_of(0, 9e9) == ["0", "2e9", "4e9", "6e9", "8e9"]
