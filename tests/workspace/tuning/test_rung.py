"""How long runs may be, and what the folds tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.evaluation.stats import Difference
from modicum.workspace.ladder.bank import TUNED, Bank, Entry
from modicum.workspace.ladder.climb import Plan, rounds_of
from modicum.workspace.settings import Settings
from modicum.workspace.tuning.rung import LEAST_STEPS, Bench, Course, asked_of, expected_lead, state_file
from modicum.workspace.tuning.settings import TuneSettings
from tests.workspace.ladder.test_agreement import clouds
from tests.workspace.tuning import worlds


@given(st.floats(1, 2_000), st.floats(0.001, 5), st.floats(0, 30), st.integers(1, 400), st.integers(1, 5))
def test_what_is_planned_fits_and_is_enough(seconds, pace, overhead, steps, folds):
    course = Course.within(seconds, pace, overhead, steps, folds)
    least = min(2, folds)
    if course is None:
        assert (least + 1) * (min(LEAST_STEPS, steps) * pace + overhead) > seconds * 0.999 - pace * (least + 1)
        return
    assert (course.folds + 1) * (course.steps * pace + overhead) <= seconds * 1.001
    assert least <= course.folds <= folds
    assert min(LEAST_STEPS, steps) <= course.steps <= steps
    assert course.steps == steps or course.folds == least


def test_the_splits_are_those_of_the_frozen_recipes():
    problem = clouds(np.random.default_rng(0), shots=10)
    first, again = rounds_of(problem, Plan(seed=3)), rounds_of(problem, Plan(seed=3))
    assert [split.test.tolist() for split in first[0]] == [split.test.tolist() for split in again[0]]


def test_what_is_thought_comes_from_the_rows_alone():
    problem = clouds(np.random.default_rng(0), shots=10)
    rows, left = np.arange(5, len(problem.X)), np.arange(5)
    bench = Bench(np.arange(len(problem.X)), [""] * len(problem.X), None, problem, [])
    thought = bench.thought(rows)
    np.testing.assert_allclose(thought.sum(axis=1), 1, atol=1e-6)
    turned = problem.codes.copy()
    turned[left] = (turned[left] + 1) % len(problem.space)
    np.testing.assert_array_equal(replace(bench, problem=replace(problem, codes=turned)).thought(rows), thought)


def test_a_lead_is_weighed_by_what_is_known_of_it():
    problem = clouds(np.random.default_rng(0), shots=10)
    sure, vague = Difference(0.1, 0.001, 9, 50), Difference(0.1, 0.5, 1, 2)
    assert abs(expected_lead(sure, Bank(), problem, 30) - 0.1) < 0.001
    assert 0 < expected_lead(vague, Bank(), problem, 30) < 0.005


def test_where_no_row_differs_what_is_known_of_tuning_has_its_say():
    problem, gained = clouds(np.random.default_rng(0), shots=10), {TUNED: 0.7}
    bank = Bank(tuple(Entry(f"t{i}", f"t{i}", 3, 10.0, 0.7, 0.6, {}, gained) for i in range(2)))
    same = Difference(0.0, 0.0, 1, 0)
    few, many = expected_lead(same, bank, problem, 10), expected_lead(same, bank, problem, 1000)
    # The prior is 10 points with a standard deviation of 1; a difference of one row in ten is ten of those.
    assert few == pytest.approx(0.1 * 0.01**-2 / (0.01**-2 + 10**2))
    assert 0 < many < 0.002 < 0.09 < few


def test_states_are_kept_only_where_there_is_a_folder(tmp_path):
    assert state_file(Settings(), "last") is None
    kept = Settings(tuning=TuneSettings(work=tmp_path / "work"))
    assert state_file(kept, "last") == tmp_path / "work" / "last.safetensors"


def test_a_course_is_taken_again_from_its_folder(tmp_path):
    course, asked = Course(80, 3), {"objective": "NameAnchors", "rate": 0.01}
    course.keep(None, asked)
    assert Course.kept(None, asked) is None
    assert Course.kept(tmp_path / "work", asked) is None
    course.keep(tmp_path / "work", asked)
    assert Course.kept(tmp_path / "work", asked) == course


@pytest.mark.parametrize("said", ["{", "[]", '{"steps": 3}', '{"steps": 3, "folds": -1}'])
def test_a_damaged_course_is_told(tmp_path, said):
    (tmp_path / "course.json").write_text(said)
    with pytest.raises(InputError, match=r"course.json .*; delete the folder, or give another --work"):
        Course.kept(tmp_path, {})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"objective": "CentroidTriplet"}, "objective SupervisedContrastive, where CentroidTriplet is asked for"),
        ({"steps": 100}, "steps 160, where 100 is asked for"),
        ({"rate": 0.01}, "rate usual, where 0.01 is asked for"),
        ({"method": "LoRA"}, "method auto, where LoRA is asked for"),
    ],
)
def test_a_course_of_an_attempt_asked_for_something_else_is_refused(tmp_path, changed, said):
    encoder, settings = worlds.encoder(tmp_path), Settings()
    Course(80, 3).keep(tmp_path / "work", asked_of(settings, encoder))
    other = replace(settings, tuning=replace(settings.tuning, **changed))
    with pytest.raises(InputError, match=f"work keeps runs with {said}; delete the folder, or give another --work"):
        Course.kept(tmp_path / "work", asked_of(other, encoder))
