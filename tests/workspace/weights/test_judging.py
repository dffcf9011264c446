"""Accuracy on held-out rows: who decides, who judges, and what is too little."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import InputError
from modicum.workspace.weights.judging import held_out
from tests.workspace.weights.worlds import table


def test_a_half_decides_where_labels_are_looked_at():
    held = held_out(table(), decide=True, seed=0)
    assert sorted([*held.deciding, *held.judging]) == list(range(48))
    assert abs(len(held.deciding) - len(held.judging)) <= 6
    assert not set(held.groups[held.deciding]) & set(held.groups[held.judging])
    assert len(held_out(table(), decide=False, seed=0).deciding) == 0


def test_known_world_vectors_that_tell_the_class_are_right_and_noise_is_not():
    held = held_out(table(), decide=True, seed=0)
    assert held.accuracies(np.eye(2)[held.codes], 0) == (1.0, 1.0)
    noise = np.random.default_rng(0).normal(size=(48, 4))
    assert max(held.accuracies(noise, 0)) < 0.85
    assert held_out(table(), decide=False, seed=0).accuracies(np.eye(2)[held.codes], 0) == (None, 1.0)


def test_rows_without_a_label_are_left_out():
    full = table()
    told = full.labels[:40] + (None,) * 8
    held = held_out(type(full)(full.ids, full.texts, told, "part"), decide=False, seed=0)
    assert (held.name, len(held.texts), len(held.judging)) == ("part", 40, 40)


def test_errors():
    full = table()
    for labels, decide, told in (
        ((None,) * 48, False, "held holds no label to judge models by; name its column with --label COL"),
        (("one",) * 48, False, "held has only one class"),
        (("a", "b") * 7 + (None,) * 34, True, "held has 14 labelled rows of 2 classes; models are told apart by 8"),
    ):
        with pytest.raises(InputError, match=told):
            held_out(type(full)(full.ids, full.texts, labels, "held"), decide=decide, seed=0)
