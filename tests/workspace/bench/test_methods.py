"""The questions of the benchmark on a small world whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core.records import LabelSpace
from modicum.workspace.bench import methods as bench
from modicum.workspace.bench.tasks import Collection

QUESTIONS = (bench.calibration, bench.prediction_sets, bench.class_shares, bench.flipped_labels, bench.next_rows)


@pytest.fixture(scope="module")
def world():
    """Three clouds, far enough apart that any rule finds them."""
    rng = np.random.default_rng(0)
    codes = np.arange(360) % 3
    X = 4 * np.eye(6)[codes] + 0.3 * rng.normal(size=(360, 6))
    names = 4 * np.eye(6)[:3]
    return Collection("c", LabelSpace(("a", "b", "c")), names, X, codes, np.arange(360), X[240:], codes[240:])


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.__name__)
def test_every_question_gives_finite_figures_and_the_same_twice(question, world):
    first, second = list(question(world, 1)), list(question(world, 1))
    assert first == second
    assert first
    assert all(np.isfinite(figure.value) for figure in first)
    assert all(figure.where.startswith("c t") for figure in first)


def test_where_all_is_easy_no_rule_loses_and_linear_is_beside_none(world, monkeypatch):
    monkeypatch.setattr(bench, "SHOTS", (4,))
    found = {(figure.method, figure.measure.name): figure for figure in bench.rules(world, 0)}
    assert found["heads.Linear", "accuracy"].baseline is None
    # The direction of most variance tells the three clouds apart; a method that removes it must lose by that.
    assert {key[0] for key, figure in found.items() if figure.value < 1} == {"vectors.RemovedDirections"}
    assert found["heads.ClassMean", "accuracy"].baseline == 1.0
    assert found["vectors.NeighbourSmoothing", bench.SHAPED.name].where == "c test, 4 labels a class"


def test_flipped_labels_come_first_where_classes_are_clear(world):
    assert min(figure.value for figure in bench.flipped_labels(world, 0)) == 1.0


def test_lac_is_the_baseline_of_the_sets_and_has_none(world):
    figures = list(bench.prediction_sets(world, 0))
    beside = {figure.method: figure.baseline for figure in figures if figure.measure is bench.SIZE}
    assert beside.pop(bench.LAC) is None
    assert None not in beside.values()


def test_a_temperature_or_anything_that_applies_calibrates():
    scores = np.log([[0.8, 0.2]])
    np.testing.assert_allclose(bench._calibrated(2.0, scores), [[2 / 3, 1 / 3]])

    class Swapped:
        def apply(self, log_proba):
            return np.exp(log_proba)[:, ::-1]

    np.testing.assert_allclose(bench._calibrated(Swapped(), scores), [[0.2, 0.8]])
    assert bench._calibrated("a curve", scores) is None


def test_an_answer_of_another_kind_gives_no_figure(world, monkeypatch):
    """A function may ask for the right things and answer something else; that stops no benchmark."""
    monkeypatch.setattr(bench, "functions", lambda question, given: {f"labels.{question}": lambda: "words"})
    others = (bench.calibration, bench.class_shares, bench.flipped_labels, bench.next_rows)
    assert [list(question(world, 0)) for question in others] == [[]] * 4


def test_rows_are_drawn_of_the_classes_wanted():
    codes, wanted = np.array([2, 0, 2, 5]), np.array([2, 2, 5, 0] * 50)
    rows = bench._rows_with(codes, wanted, np.random.default_rng(0))
    assert np.array_equal(codes[rows], wanted)
    assert set(rows.tolist()) == {0, 1, 2, 3}
