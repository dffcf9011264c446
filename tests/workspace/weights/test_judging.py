"""Accuracy on held-out rows: who decides, who judges, and what is too little."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import InputError
from modicum.core.records import Table
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


def test_rows_that_say_nearly_the_same_stand_on_one_side_of_every_fold():
    """Pairs with a label of chance: who has seen the one knows the other."""
    rng = np.random.default_rng(0)
    names, words = rng.choice(["a", "b"], 40), rng.choice(list("qwertzuiopasdfghjklyxcvbnm"), (40, 30))
    texts = tuple("".join(words[row // 2]) + "." * (row % 2) for row in range(80))
    held = held_out(
        Table(tuple(map(str, range(80))), texts, tuple(names[row // 2] for row in range(80))), decide=False, seed=0
    )
    assert len(np.unique(held.groups)) == 40
    X = np.repeat(np.eye(40), 2, axis=0)
    assert held.accuracies(X, 0)[1] < 0.7
    assert held.accuracies(X, 0) == held.accuracies(X, 0)


@pytest.mark.parametrize(
    ("rows", "decide", "enough"), [(8, False, True), (7, False, False), (16, True, True), (15, True, False)]
)
def test_four_labelled_rows_a_class_and_part_are_enough(rows, decide, enough):
    full = table()
    short = Table(full.ids, full.texts, (*full.labels[:rows], *(None,) * (48 - rows)), "held")
    if enough:
        assert len(held_out(short, decide=decide, seed=0).texts) == rows
    else:
        with pytest.raises(InputError, match=f"held has {rows} labelled rows of 2 classes"):
            held_out(short, decide=decide, seed=0)


def test_images_are_refused():
    with pytest.raises(InputError, match="photos holds images; only encoders of texts can be merged"):
        held_out(Table(("0",), ("a.png",), ("cat",), "photos", images=(object(),)), decide=False, seed=0)


def test_errors():
    full = table()
    for labels, decide, told in (
        ((None,) * 48, False, "held holds no label to judge models by; name its column with --label COL"),
        (("one",) * 48, False, "held has only one class"),
        (("a", "b") * 7 + (None,) * 34, True, "held has 14 labelled rows of 2 classes; models are told apart by 8"),
    ):
        with pytest.raises(InputError, match=told):
            held_out(type(full)(full.ids, full.texts, labels, "held"), decide=decide, seed=0)
