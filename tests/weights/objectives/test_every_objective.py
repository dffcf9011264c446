"""What every objective must do, whatever it is: found by walking, so that a new one need not be listed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import Lesson, Matryoshka, Objective, VectorLoss  # noqa: E402
from tests.weights.finding import found  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402

FOUND = found("objectives", Objective)


@pytest.fixture(params=FOUND, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


def test_objectives_are_found():
    assert "SupervisedContrastive" in {kind.__name__ for kind in FOUND}


def test_what_it_costs_falls_while_the_encoder_learns(kind, tmp_path):
    found, module = worlds.encoder(tmp_path)
    torch.manual_seed(0)
    told = worlds.descend(kind().start(worlds.lesson(found), module), module, steps=40)
    assert all(np.isfinite(told))
    assert np.mean(told[-8:]) < np.mean(told[:8])


def test_batches_are_rows_of_the_lesson_of_about_the_size(kind, tmp_path):
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found)
    loss = kind().start(lesson, module)
    for size in (1, 4, 8):
        rows = loss.draw(size, np.random.default_rng(0))
        assert 1 <= len(rows) <= 2 * size + 6
        assert set(rows.tolist()) <= set(range(len(lesson.codes)))


def test_one_seed_tells_one_story(kind, tmp_path):
    stories = []
    for turn in range(2):
        found, module = worlds.encoder(tmp_path / str(turn), dropout=0.1)
        torch.manual_seed(3)
        loss = kind().start(worlds.lesson(found), module)
        stories.append(worlds.descend(loss, module, steps=3, seed=3))
    assert stories[0] == stories[1]


def test_every_layer_learns(kind, tmp_path):
    found, module = worlds.encoder(tmp_path)
    loss = kind().start(worlds.lesson(found), module)
    loss(module, loss.draw(6, np.random.default_rng(0))).backward()
    moved = {name for name, p in module.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
    assert any("layer.0" in name for name in moved)


def test_a_lesson_without_anything_is_refused(kind, tmp_path):
    _, module = worlds.encoder(tmp_path)
    with pytest.raises(InputError, match="learns from"):
        kind().start(Lesson([], np.empty(0, dtype=np.int64), 2), module)


def test_a_temperature_is_above_0(kind):
    if "temperature" in {field.name for field in dataclasses.fields(kind)}:
        with pytest.raises(InputError, match="temperature must be above 0, not 0"):
            kind(temperature=0)


def test_what_sees_vectors_alone_can_be_learnt_in_several_sizes(kind, tmp_path):
    found, module = worlds.encoder(tmp_path)
    loss = kind().start(worlds.lesson(found), module)
    if isinstance(loss, VectorLoss):
        nested = Matryoshka(kind()).start(worlds.lesson(found), module)
        rows = nested.draw(6, np.random.default_rng(0))
        nested(module, rows).backward()
        assert all(torch.isfinite(p.grad).all() for p in module.parameters() if p.grad is not None)
