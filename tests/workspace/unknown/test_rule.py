"""Rows of none of the classes: found at the rate that was set, stored, told, and kept when classes change."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import modicum
from modicum.core import InputError, LabelSpace, Table
from modicum.workspace import add_class, remove_classes
from modicum.workspace.ladder.climb import Climb, Trial
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import RECIPES
from modicum.workspace.receiving.loading import load
from modicum.workspace.unknown import unknown_facts, unknown_rule, witness
from modicum.workspace.unknown.rule import _crowd

QUICK = {
    "budget": "20s",
    "map_points": 0,
    "recipes": tuple(recipe for recipe in RECIPES if recipe.name in ("class means", "linear")),
}


def world(known=3, classes=4, per_class=60, shots=20, seed=0):
    """A table whose last classes have no label, its vectors and true classes; the labelled rows come first."""
    rng = np.random.default_rng(seed)
    codes = np.arange(classes * per_class) % classes
    X = (3 * rng.normal(size=(classes, 12))[codes] + rng.normal(size=(len(codes), 12))).astype(np.float32)
    names = [f"theme {k}" if k < known else None for k in codes]
    labels = tuple(name if i < shots * classes else None for i, name in enumerate(names))
    return Table(tuple(map(str, range(len(codes)))), tuple(f"text {i}" for i in range(len(codes))), labels), X, codes


@pytest.fixture(scope="module")
def fitted():
    table, X, codes = world()
    return modicum.fit(table, vectors=X, unknown=0.1, **QUICK), X, codes


def fresh(seed=0):
    """Rows of the same classes that were never seen."""
    _, X, codes = world(per_class=1060, seed=seed)
    return X[240:], codes[240:]


def test_known_world_an_unlabelled_class_is_marked_and_the_others_at_the_rate(fitted):
    result, _, _ = fitted
    X, codes = fresh()
    unknown = result.bundle.predict(vectors=X).unknown
    assert unknown[codes == 3].mean() > 0.95
    assert unknown[codes < 3].mean() == pytest.approx(0.1, abs=0.07)


def test_a_threshold_set_anew_keeps_its_promise_on_vectors_that_moved(fitted):
    result, _, _ = fitted
    rule, (X, codes) = result.bundle.model.unknown, fresh()
    moved = X[codes < 3] + 2 * np.random.default_rng(1).normal(size=(sum(codes < 3), 12)).astype(np.float32)
    assert rule.marks(moved).mean() > 0.25
    anew = rule.recalibrated(moved[:1000])
    assert anew.marks(moved[1000:]).mean() == pytest.approx(0.1, abs=0.04)
    assert anew.guarantee.startswith("At most 10 % of the rows of the classes are marked as unknown, on average")
    assert (anew.calibrated_on, rule.calibrated_on) == (1000, 60)
    assert rule.recalibrated(moved[:5]).guarantee.startswith("No row is marked as unknown: 5 labelled rows are too few")


def test_unlabelled_rows_are_compared_with_only_where_many_look_like_no_class(fitted):
    result, _, _ = fitted
    rule = result.bundle.model.unknown
    assert (len(rule.pool), rule.held_out.shape) == (180, (60, 3))
    table, X, codes = world()
    kept = np.flatnonzero(codes < 3)
    ids, texts, labels = (tuple(values[row] for row in kept) for values in (table.ids, table.texts, table.labels))
    known = modicum.fit(Table(ids, texts, labels), vectors=X[kept], unknown=0.1, **QUICK)
    rule = known.bundle.model.unknown
    assert (len(rule.pool), rule.held_out.shape) == (0, (60, 2))
    X, codes = fresh()
    assert known.bundle.predict(vectors=X).unknown[codes == 3].mean() > 0.8


def test_a_row_of_the_table_is_not_its_own_neighbour_among_the_unlabelled():
    """Of two unlabelled rows one is the row itself, so that only the other, at right angles to it, is left."""
    pool = np.eye(2, dtype=np.float16)
    assert _crowd(np.eye(2, dtype=np.float32)[:1], pool).tolist() == [0.0]
    assert _crowd(np.eye(2, dtype=np.float32)[:1], pool[:1]).tolist() == [1.0]
    askew = np.array([[1.0, 0.0], [0.6, 0.8], [0.8, 0.6]])
    assert _crowd(askew[:1].astype(np.float32), askew) == pytest.approx([0.7])


def test_without_the_option_it_is_the_empty_sets():
    table, X, _ = world()
    result = modicum.fit(table, vectors=X, **QUICK)
    assert result.report["unknown"] is None
    assert result.bundle.model.unknown is None


def test_rows_set_aside_set_the_threshold_where_labels_abound():
    table, X, _ = world(shots=30)
    result = modicum.fit(table, vectors=X, unknown=0.1, set_aside_from=50, **QUICK)
    assert result.report["unknown"]["guarantee"] == (
        "At most 10 % of the rows of the classes are marked as unknown, on average: calibrated on 18 rows that nothing "
        "else was learnt from. Many unlabelled rows look like no class, so rows are compared with 150 of them, too."
    )
    X, codes = fresh()
    unknown = result.bundle.predict(vectors=X).unknown
    assert unknown[codes == 3].mean() > 0.9
    assert unknown[codes < 3].mean() < 0.25


def test_the_report_tells_and_the_bundle_keeps_the_rule(fitted, tmp_path):
    result, X, _ = fitted
    told = result.report["unknown"]
    assert told["guarantee"] == (
        "About 10 % of the rows of the classes are marked as unknown, on average: calibrated on 60 labelled rows, each "
        "compared with the others by a rule that did not see it. Many unlabelled rows look like no class, so rows "
        "are compared with 180 of them, too."
    )
    assert told["guarantee"] in result.report["grounds"]
    assert told["rows"] == 180
    assert told["marked"] == result.predictions.unknown[~np.array(result.table.labelled)].sum() > 50
    path = result.save(tmp_path / "b")
    assert told["guarantee"] in (path / "report.html").read_text(encoding="utf-8")
    assert json.loads((path / "bundle.json").read_text(encoding="utf-8"))["unknown"]["rate"] == 0.1
    assert np.array_equal(load(path).predict(vectors=X).unknown, result.predictions.unknown)


def test_changed_classes_change_the_rule(fitted):
    result, _, _ = fitted
    X, codes = fresh()
    larger = add_class(result.bundle, "theme 3", vectors=X[codes == 3][:8])
    assert larger.predict(vectors=X).unknown[codes == 3].mean() < 0.5
    assert "Classes were added after that" in larger.report["unknown"]["guarantee"]
    assert set(larger.model.unknown.known.codes) == {0, 1, 2, 3}
    smaller = remove_classes(result.bundle, ["theme 0"])
    assert smaller.predict(vectors=X).unknown[codes == 0].mean() > 0.8
    assert set(smaller.model.unknown.known.codes) == {0, 1}


def test_the_rule_of_an_added_class_tells_its_rows_from_the_others(fitted):
    result, X, codes = fitted
    rule = result.bundle.model.unknown.with_class(X[codes == 3][:8], 3)
    coef, intercept = rule.rule
    scores = X @ coef[3] + intercept[3]
    assert (coef.shape, intercept.shape) == ((4, 12), (4,))
    assert (scores[codes == 3] > 0).mean() > 0.9
    assert (scores[codes != 3] < 0).mean() > 0.9


def test_a_row_that_says_the_same_is_no_neighbour():
    """The nearest row of row 0 is its copy, row 1; with both in one group it is row 2."""
    X = np.array([[1.0, 0.0], [1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    seen = np.ones(4, dtype=bool)
    problem = Problem(X, np.array([0, 0, 0, 1]), seen, LabelSpace(("a", "b")), None, np.array([7, 7, 8, 9]))
    scores, rule = np.zeros((4, 2)), (np.zeros((2, 2)), np.zeros(2))
    rule = unknown_rule(problem, np.arange(4), scores, rule, rate=0.5, seed=0)
    np.testing.assert_allclose(rule.held_out[:, 1], [0.6, 0.6, 0.8, 0.8], atol=1e-6)


def test_too_few_rows_for_the_rate_and_no_row_to_hold_out():
    table, X, _ = world()
    result = modicum.fit(table, vectors=X, unknown=0.001, **QUICK)
    assert not result.predictions.unknown.any()
    assert "60 labelled rows are too few for so small a rate" in result.report["unknown"]["guarantee"]
    alone = replace(table, labels=tuple(label if i < 4 else None for i, label in enumerate(table.labels)))
    result = modicum.fit(alone, vectors=X, unknown=0.1, **QUICK)
    assert result.report["unknown"]["guarantee"].startswith("No row is marked as unknown: that needs two labelled rows")
    assert result.report["unknown"]["threshold"] is None
    assert len(result.bundle.model.predict(X[:0]).unknown) == 0


def test_errors_name_what_is_wrong():
    table, X, _ = world()
    with pytest.raises(InputError, match="the rate of rows that may be marked as unknown must lie strictly between"):
        modicum.fit(table, vectors=X, unknown=1.0, **QUICK)
    with pytest.raises(InputError, match="a cascade does not know which texts are unknown"):
        modicum.fit(table, vectors=X, unknown=0.1, encoder_mode="cascade", **QUICK)
    numbers = replace(table, labels=tuple("1.5" if label else None for label in table.labels))
    with pytest.raises(InputError, match="rows are marked as unknown where a row has one class; leave --unknown out"):
        modicum.fit(numbers, vectors=X, unknown=0.1, target="number", **QUICK)


def test_what_the_report_tells_where_no_rule_could_be_learnt(fitted):
    told = unknown_facts(None, 0.1, np.zeros(0, dtype=bool))
    assert told["threshold"] is None
    assert told["guarantee"].startswith("No row is marked as unknown")
    result, _, _ = fitted
    rule = result.bundle.model.unknown
    assert unknown_facts(rule, 0.1, np.array([True, False, True]))["marked"] == 2


def test_the_witness_is_a_linear_rule_of_labelled_rows_alone():
    nothing = np.zeros((1, 0))
    trials = tuple(Trial(recipe) for recipe in RECIPES)
    found = witness(Climb(trials, 1, nothing.astype(bool), nothing.astype(int)))
    assert found.recipe.rung == 1
    assert "unlabelled" not in found.recipe.needs
    others = tuple(trial for trial in trials if trial.recipe.rung != 1)
    assert witness(Climb(others, 1, nothing.astype(bool), nothing.astype(int))) is None
