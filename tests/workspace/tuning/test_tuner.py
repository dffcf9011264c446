"""What a tuner hands to the torch room."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest

from modicum.core import InputError
from modicum.workspace.tuning.settings import TuneSettings
from modicum.workspace.tuning.tuner import FULL_RATE, Tuner, check_tuning, wants_thoughts
from tests.workspace.tuning import worlds


class Handed(Exception):
    """What `tune` was called with."""


@pytest.fixture
def handed(tmp_path, monkeypatch):
    """The lesson and the plan of a run with some settings."""
    pytest.importorskip("torch")

    def told(encoder, lesson, folder, **more):
        raise Handed(lesson, more["plan"])

    monkeypatch.setattr(importlib.import_module("modicum.weights.training"), "tune", told)

    def run(settings, **more):
        found = worlds.encoder(tmp_path)
        tokens, codes = found.tokenize(["a card", "my pin", "lost"]), np.array([0, 1, -1])
        with pytest.raises(Handed) as caught:
            Tuner(found, tokens, codes, 2, None, settings, **more).run(np.array([0, 2]), tmp_path / "out", 3)
        return caught.value.args

    return run


@pytest.mark.parametrize(
    ("settings", "rate"),
    [
        (TuneSettings(), FULL_RATE),
        (TuneSettings(method="LoRA"), 1e-3),
        (TuneSettings(method="SVFit"), 0.0125),
        (TuneSettings(method="SVFit", rate=0.1), 0.1),
    ],
)
def test_a_method_has_a_rate_of_its_own(handed, settings, rate):
    assert handed(settings)[1].rate == rate


def test_a_rate_of_none_at_all_is_not_taken_for_the_usual_one(handed):
    with pytest.raises(InputError, match=r"the learning rate must be above 0, not 0\.0"):
        handed(TuneSettings(rate=0.0))


@pytest.mark.parametrize("name", ["steps", "batch"])
def test_less_than_one_step_or_row_is_refused(name):
    check_tuning(replace(TuneSettings(), **{name: 1}))
    with pytest.raises(InputError, match=f"^{name} must be at least 1, not 0$"):
        check_tuning(replace(TuneSettings(), **{name: 0}))


def test_thoughts_are_asked_for_the_rows_of_the_run(handed):
    asked = []

    def think(rows):
        asked.append(rows.tolist())
        return np.full((len(rows), 2), 0.5)

    lesson, _ = handed(TuneSettings(), think=think)
    assert asked == [[0, 2]]
    assert lesson.thought().shape == (2, 2)
    assert lesson.codes.tolist() == [0, -1]
    assert handed(TuneSettings())[0].proba is None


def test_some_objectives_learn_from_thoughts():
    assert wants_thoughts("PseudoLabels")
    assert not wants_thoughts("SupervisedContrastive")
    with pytest.raises(InputError, match=r"method of weights\.objectives"):
        wants_thoughts("Supervised")
