"""After how many steps runs stop: what held-out rows tell, and who may tell it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modicum.workspace.tuning.stopping import LEAST_MARK, Stopping, marks_of, nested

MARKS = (40, 80, 160)


@given(st.integers(1, 1_000))
def test_marks_ascend_to_the_last_step(steps):
    marks = marks_of(steps)
    assert marks[-1] == steps
    assert list(marks) == sorted(set(marks))
    assert all(mark >= LEAST_MARK for mark in marks[:-1])


def test_a_run_is_probed_from_twenty_steps_on():
    assert [marks_of(steps) for steps in (39, 40, 79, 80)] == [(39,), (20, 40), (39, 79), (20, 40, 80)]


def test_the_best_is_taken_and_of_equals_the_fewest():
    right = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1]], dtype=bool)
    found = Stopping.after(MARKS, right)
    assert found == Stopping(80, MARKS, (0.5, 0.75, 0.75))
    assert found.said == (
        "Runs stop after 80 of 160 steps: held-out rows were right 50.0, 75.0 and 75.0 % of the time after 40, 80 and "
        "160."
    )
    assert Stopping.after(MARKS, right[::-1]).steps == 40


def test_all_steps_are_taken_where_more_are_better():
    found = Stopping.after(MARKS, np.array([[0, 0], [1, 0], [1, 1]], dtype=bool))
    assert found.steps == 160
    assert found.said.startswith("Runs take all steps: held-out rows were right 0.0, 50.0 and 100.0 %")


def test_without_a_choice_there_is_nothing_to_say():
    assert Stopping.after((10,), np.ones((1, 4), dtype=bool)).said == ""
    nothing = Stopping.after(MARKS, np.ones((3, 0), dtype=bool))
    assert (nothing.steps, nothing.said) == (160, "")


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_a_fold_has_no_say_in_when_it_is_judged(seed, count):
    rng = np.random.default_rng(seed)
    right, folds = rng.random((3, 40)) < 0.5, rng.permutation(np.arange(40) % (count + 1)) - 1
    ends, stopping = nested(MARKS, right, folds)
    assert len(ends) == count
    for fold in range(count):
        turned = right.copy()
        turned[:, folds == fold] ^= rng.random((3, int((folds == fold).sum()))) < 0.5
        turned[:, folds < 0] ^= True
        assert nested(MARKS, turned, folds)[0][fold] == ends[fold]
    assert stopping == Stopping.after(MARKS, right[:, folds >= 0])


def test_the_rows_of_the_other_folds_say_when_a_fold_is_judged():
    right = np.array([[1, 0], [0, 1], [0, 0]], dtype=bool)
    assert nested(MARKS, right, np.array([0, 1]))[0] == [80, 40]
    assert nested(MARKS[:2], right[:2], np.array([0, 1]))[1].said.startswith("Runs stop after 40 of 80 steps")


def test_a_single_fold_is_judged_after_all_steps():
    ends, stopping = nested(MARKS, np.array([[1], [0], [0]], dtype=bool), np.array([0]))
    assert (ends, stopping.steps) == ([160], 40)
