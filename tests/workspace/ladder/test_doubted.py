"""Labels corrected for the final fit: where many are wrong, and nowhere else."""

from __future__ import annotations

import numpy as np

import modicum
from modicum.core import LabelSpace, Table
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.making import make_model
from modicum.workspace.settings import Settings

CLASSES = 6


def world(wrong, seed=0, shots=40, n=600):
    """Clouds some way apart; of the labels, a share is that of any other class."""
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.repeat(np.arange(CLASSES), shots), rng.integers(0, CLASSES, n)])
    X = (4.5 * np.eye(CLASSES, 16)[truth] + rng.normal(0, 1, (len(truth), 16))).astype(np.float32)
    labelled = np.arange(len(truth)) < CLASSES * shots
    codes = truth.copy()
    flipped = rng.permutation(CLASSES * shots)[: round(wrong * CLASSES * shots)]
    codes[flipped] = (codes[flipped] + rng.integers(1, CLASSES, len(flipped))) % CLASSES
    return Problem(X, codes, labelled, LabelSpace(tuple("abcdef")), None), truth, np.sort(flipped)


def test_wrong_labels_are_found_and_the_model_learns_from_corrected_ones():
    problem, truth, flipped = world(0.25)
    made = make_model(problem, Settings(budget="10s"))
    assert made.mended
    suspects = made.doubted.rows[made.doubted.judged.suspects]
    assert len(set(suspects) & set(flipped)) >= max(0.6 * len(flipped), 0.9 * len(suspects))
    corrected = made.doubted.corrected(problem).codes
    assert (corrected[problem.rows] == truth[problem.rows]).mean() > 0.9


def test_the_model_gains_by_it():
    right = {True: 0, False: 0}
    for seed in range(3):
        problem, truth, _ = world(0.25, seed)
        others = problem.unlabelled_rows
        for repair in right:
            made = make_model(problem.only(problem.rows), Settings(budget="10s", repair=repair))
            assert made.mended == repair
            right[repair] += int((made.model.predict(problem.X[others]).codes == truth[others]).sum())
    assert right[True] > right[False]


def test_the_labels_as_given_are_not_changed_and_hold_for_every_figure():
    problem, _, _ = world(0.25)
    before = problem.codes.copy()
    made = make_model(problem, Settings(budget="10s"))
    np.testing.assert_array_equal(problem.codes, before)
    np.testing.assert_array_equal(made.problem.codes, before)
    np.testing.assert_array_equal(made.found.codes, before[problem.rows][made.found.rows])


def test_right_labels_are_left_alone():
    for seed in range(3):
        problem, _, _ = world(0.0, seed)
        made = make_model(problem, Settings(budget="10s"))
        assert not made.mended
        assert not made.doubted.worth


def test_the_report_says_so_and_the_table_stays(tmp_path):
    problem, _, _ = world(0.25)
    ids = tuple(map(str, range(len(problem.X))))
    labels = tuple("abcdef"[k] if known else None for k, known in zip(problem.codes, problem.labelled, strict=True))
    table = Table(ids, ids, labels, "t.csv")
    result = modicum.fit(table, vectors=problem.X, budget="10s")
    assert result.report["repaired"] is True
    assert any("learnt from corrected ones" in said for said in result.report["grounds"])
    assert table.labels == labels
    assert modicum.fit(table, vectors=problem.X, budget="10s", repair=False).report["repaired"] is False
