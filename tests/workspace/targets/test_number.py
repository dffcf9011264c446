"""A number a row, from the table to the bundle: honest errors, intervals that hold, no surprise."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error

import modicum
from modicum.core import InputError
from modicum.workspace.targets import number_facts
from tests.workspace.targets.worlds import number_world

QUICK = {"budget": "60s", "map_points": 20, "target": "number"}


@pytest.fixture(scope="module")
def fitted():
    table, X, y = number_world()
    return modicum.fit(table, vectors=X, **QUICK), X, y


def test_report_is_json_and_as_good_as_the_noise_allows(fitted):
    result, X, y = fitted
    report = result.report
    json.dumps(report, allow_nan=False)
    assert report["target"]["kind"] == "number"
    baseline = RidgeCV().fit(X[:140], y[:140])
    assert report["test"]["mae"] < 1.05 * mean_absolute_error(y[140:], baseline.predict(X[140:]))
    assert report["test"]["mae"] == pytest.approx(0.5 * np.sqrt(2 / np.pi), rel=0.2)
    assert 0.8 < report["test"]["coverage"] <= 1
    assert 0.8 < report["conformal"]["coverage"] <= 1
    assert report["conformal"]["width"] == pytest.approx(2 * 1.645 * 0.5, rel=0.25)
    assert len(report["scatter"]) == 140
    assert len(report["next_to_label"]) == 20
    assert sum(entry["weight"] for entry in report["ladder"]) == pytest.approx(1)
    assert next(e for e in report["ladder"] if e["name"] == "mean")["cv_r2"] == pytest.approx(0, abs=0.05)


def test_saved_and_loaded_it_answers_alike(fitted, tmp_path):
    result, X, _ = fitted
    bundle = modicum.load(result.save(tmp_path / "b"))
    np.testing.assert_allclose(bundle.predict(vectors=X).values, result.predictions.values)
    columns = result.predictions.columns()
    assert list(columns) == ["prediction", "low", "high"]
    assert columns["low"][0] < columns["prediction"][0] < columns["high"][0]


def test_slips_of_the_pen_are_counted_and_the_worst_is_listed(monkeypatch):
    monkeypatch.setattr(number_facts, "MOST_ERRORS", 1)
    table, X, y = number_world(rows=150, known=150)
    labels = list(table.labels)
    labels[7], labels[9] = repr(float(10 * y[7])), repr(float(y[9] + 4 * y[7]))
    report = modicum.fit(replace(table, labels=tuple(labels), hidden=None), vectors=X, **QUICK).report
    (found,) = report["label_errors"]
    assert found["id"] == "7"
    assert found["suggested"] == pytest.approx(y[7], rel=0.5)
    assert report["totals"]["label_errors"] >= 2
    assert any(said.startswith(f"{report['totals']['label_errors']} numbers are") for said in report["summary"])


def test_noise_is_answered_with_its_mean():
    table, X, _ = number_world(rows=80, known=80)
    noise = np.random.default_rng(1).normal(size=80)
    lost = replace(table, labels=tuple(repr(float(v)) for v in noise), hidden=None)
    result = modicum.fit(lost, vectors=X, **QUICK)
    assert abs(result.predictions.values - noise.mean()).max() < 1
    assert any("not clearly better" in sentence for sentence in result.report["grounds"])


def test_few_rows_promise_nothing():
    table, X, _ = number_world(rows=20, known=8)
    result = modicum.fit(table, vectors=X, **QUICK)
    assert result.predictions.columns()["low"] == [None] * 20
    assert result.report["conformal"]["width"] is None
    json.dumps(result.report, allow_nan=False)


def test_numbers_are_not_guessed_but_hinted_at():
    table, X, _ = number_world(rows=30, known=20)
    with pytest.warns(
        UserWarning, match="20 distinct numbers of column 'target' are taken for classes; .* --target num"
    ):
        result = modicum.fit(replace(table, hidden=None), vectors=X, budget="5s", map_points=0)
    assert "target" not in result.report


def test_what_is_refused():
    table, X, _ = number_world(rows=30, known=20)
    with pytest.raises(InputError, match="column 'target' holds 'much', which is no number"):
        modicum.fit(replace(table, labels=("much", *table.labels[1:])), vectors=X, target="number")
    with pytest.raises(InputError, match="a numeric target has no classes"):
        modicum.fit(table, classes=modicum.core.LabelSpace(("a", "b")), vectors=X, target="number")


def test_no_label_of_a_test_row_is_asked_for():
    table, X, _ = number_world(rows=120, known=90)
    sides = ["test" if row < 40 or row == 119 else "train" for row in range(120)]
    table = replace(table, hidden=None, columns={"side": sides})
    report = modicum.fit(table, vectors=X, split="side", **QUICK).report
    assert {int(row["id"]) for row in report["next_to_label"]} <= set(range(90, 119))
