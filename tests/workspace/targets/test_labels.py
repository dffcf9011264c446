"""Several labels a row, from the table to the bundle: honest figures, the promise, the answers' shape."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

import modicum
from modicum.core import InputError
from modicum.workspace.targets.labels import rarest
from tests.workspace.targets.worlds import NAMES, labels_world

QUICK = {"budget": "60s", "map_points": 20}


@pytest.fixture(scope="module")
def fitted():
    table, X, Y = labels_world(rows=400, known=200)
    return modicum.fit(table, vectors=X, **QUICK), X, Y


def test_report_is_json_and_honest(fitted):
    result, _, Y = fitted
    report = result.report
    json.dumps(report, allow_nan=False)
    assert report["target"]["kind"] == "labels"
    shipped = next(entry for entry in report["ladder"] if entry["chosen"])
    assert abs(shipped["cv_micro_f1"] - report["test"]["micro_f1"]) < 0.12
    assert report["test"]["rows"] == 200
    order = [sorted(NAMES).index(name) for name in NAMES]
    given = result.predictions.given[200:, order]
    assert f1_score(Y[200:], given, average="micro") == pytest.approx(report["test"]["micro_f1"])
    assert report["test"]["micro_f1"] > 0.7
    assert report["calibration"]["ece"]["after"] < 0.1
    assert 0.8 < report["conformal"]["coverage"] <= 1
    assert 0.75 < report["test"]["coverage"] <= 1
    assert sum(entry["weight"] for entry in report["ladder"]) == pytest.approx(1)
    assert len(report["next_to_label"]) == 20
    assert {row["name"] for row in report["per_label"]} == set(NAMES)


def test_saved_and_loaded_it_answers_alike(fitted, tmp_path):
    result, X, _ = fitted
    bundle = modicum.load(result.save(tmp_path / "b"))
    told, again = bundle.predict(vectors=X), result.predictions
    np.testing.assert_array_equal(told.given, again.given)
    np.testing.assert_allclose(told.probabilities, again.probabilities, atol=1e-9)
    assert (told.sets >= told.given).all()
    manifest = json.loads((tmp_path / "b" / "bundle.json").read_text())
    assert manifest["target"] == "labels"
    assert manifest["schema"] == 1


def test_columns_hold_the_likeliest_label_first(fitted):
    result, _, _ = fitted
    columns = result.predictions.columns(result.bundle.classes)
    assert list(columns) == ["prediction", "probability", "prediction_set", "unknown"]
    for names, shares in zip(columns["prediction"], columns["probability"], strict=True):
        assert len(names) == len(shares)
        assert shares == sorted(shares, reverse=True)


def test_a_wrong_label_is_found():
    table, X, _ = labels_world(rows=150, known=150, noise=0.05)
    labels = list(table.labels)
    row = int(X[:, 0].argmax())
    labels[row] = "|".join(name for name in labels[row].split("|") if name != "red")
    report = modicum.fit(replace(table, labels=tuple(labels), hidden=None), vectors=X, **QUICK).report
    found = report["label_errors"]
    assert (str(row), "red", False) in [(one["id"], one["label"], one["given"]) for one in found[:3]]
    assert report["totals"] == {"label_errors": len(found), "conflicts": len(report["conflicts"])}


def test_hidden_labels_decide_nothing():
    table, X, _ = labels_world(rows=80, known=50)
    lies = replace(table, hidden=tuple(h if h is None else "red" for h in table.hidden))
    ours, theirs = modicum.fit(table, vectors=X, **QUICK), modicum.fit(lies, vectors=X, **QUICK)
    np.testing.assert_array_equal(ours.predictions.given, theirs.predictions.given)


def test_many_labels_set_rows_aside_for_the_sets():
    table, X, _ = labels_world(rows=200, known=200)
    report = modicum.fit(table, vectors=X, set_aside_from=150, **QUICK).report
    assert report["conformal"]["calibrated_on"] == 29, "of 40 rows set aside 11 have no label that could be missed"
    assert report["conformal"]["guarantee"].startswith("At least 90 %")


def test_what_is_refused():
    table, X, _ = labels_world(rows=30, known=20)
    with pytest.raises(InputError, match="was read with several labels a row"):
        modicum.fit(table, vectors=X, target="number")
    with pytest.raises(InputError, match="say what parts them"):
        modicum.fit(replace(table, separator=None), vectors=X, target="labels")
    with pytest.raises(InputError, match="target 'label' is not known; did you mean 'labels'"):
        modicum.fit(table, vectors=X, target="label")
    few = replace(table, labels=(*table.labels[:3], *[None] * 27))
    with pytest.raises(InputError, match=r"t.csv has 3 labelled rows; label at least 5"):
        modicum.fit(few, vectors=X)
    with pytest.raises(InputError, match="'cascade' needs one class a row"):
        modicum.fit(table, vectors=X, encoder_mode="cascade")


def test_without_any_label_no_row_has_a_rarest():
    assert rarest(np.zeros((3, 0), dtype=np.uint8), np.zeros(3, dtype=bool)).tolist() == [0, 0, 0]


def test_a_single_group_of_labelled_rows_is_refused():
    table, X, _ = labels_world(rows=60, known=20)
    one = replace(table, groups=("a",) * 20 + ("b",) * 40)
    with pytest.raises(InputError, match=r"all labelled rows of t\.csv stand in one group; label rows of another"):
        modicum.fit(one, vectors=X, **QUICK)


def test_no_label_of_a_test_row_is_asked_for():
    table, X, _ = labels_world(rows=120, known=90)
    sides = ["test" if row < 40 or row == 119 else "train" for row in range(120)]
    table = replace(table, hidden=None, columns={"side": sides})
    report = modicum.fit(table, vectors=X, split="side", **QUICK).report
    assert {int(row["id"]) for row in report["next_to_label"]} <= set(range(90, 119))
