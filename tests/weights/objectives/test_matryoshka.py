"""Matryoshka in two dimensions."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.encoder import Batch  # noqa: E402
from modicum.weights.objectives import (  # noqa: E402
    Consistency,
    Matryoshka,
    PseudoLabels,
    SupervisedContrastive,
    alignment,
    cut,
    supervised_contrastive,
)
from tests.weights.objectives import worlds  # noqa: E402


@given(st.integers(1, 5), st.floats(0.1, 2), st.integers(0, 99))
def test_alignment_is_a_divergence(rows, temperature, seed):
    shallow, deep = worlds.unit(rows, 4, seed=seed), worlds.unit(rows, 4, seed=seed + 1)
    p, q = ((part / temperature).softmax(dim=1) for part in (deep, shallow))
    wanted = temperature * (p * (p / q).log()).sum() / rows
    torch.testing.assert_close(alignment(shallow, deep, temperature=temperature), wanted, atol=1e-5, rtol=1e-4)
    assert alignment(deep, deep, temperature=temperature).item() == pytest.approx(0, abs=1e-6)


def test_the_last_layer_is_not_drawn_to_the_shallow_one():
    shallow, deep = worlds.unit(2, 4).requires_grad_(), worlds.unit(2, 4, seed=1).requires_grad_()
    alignment(shallow, deep).backward()
    assert shallow.grad.abs().max() > 0
    assert deep.grad is None


def test_it_is_the_mean_of_four_costs_and_the_alignment(tmp_path):
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found)
    loss = Matryoshka(SupervisedContrastive(temperature=0.5), shares=(0.25,), weight=3.0).start(lesson, module)
    batch = Batch.of([lesson.tokens[row] for row in lesson.rows], module.pad)
    _, middle, last = (module.pool(state, batch.mask) for state in module.states(batch))
    codes = torch.from_numpy(lesson.codes[lesson.rows])
    costs = [
        supervised_contrastive(F.normalize(vectors[:, :width], dim=1), codes, temperature=0.5)
        for vectors in (last, middle)
        for width in (16, 4)
    ]
    wanted = sum(costs) / 4 + 3.0 * alignment(middle, last)
    torch.testing.assert_close(loss(module, lesson.rows), wanted)


def test_short_vectors_and_early_layers_learn_as_the_whole_one_alone_does_not(tmp_path):
    """What cut vectors of the first layer cost after as many steps with it, and without."""
    told = {}
    for name, objective in {"whole": SupervisedContrastive(), "nested": Matryoshka(shares=(0.25,))}.items():
        found, module = worlds.encoder(tmp_path / name)
        lesson = worlds.lesson(found)
        worlds.descend(objective.start(lesson, module), module, steps=25)
        batch = Batch.of([lesson.tokens[row] for row in lesson.rows], module.pad)
        early = cut(module.pool(module.states(batch)[1], batch.mask), 4)
        told[name] = supervised_contrastive(early, torch.from_numpy(lesson.codes[lesson.rows])).item()
    assert told["nested"] < 0.8 * told["whole"]


def test_what_cannot_be_wrapped_is_told(tmp_path):
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found)
    with pytest.raises(InputError, match="Consistency needs more than vectors, which cannot be cut; wrap"):
        Matryoshka(Consistency()).start(lesson, module)
    with pytest.raises(InputError, match="shares of the width must lie above 0 and at most at 1, not \\(2,\\)"):
        Matryoshka(shares=(2,)).start(lesson, module)
    loss = Matryoshka(PseudoLabels(objective=SupervisedContrastive())).start(lesson, module)
    assert set(loss.draw(6, np.random.default_rng(0)).tolist()) <= set(lesson.pool.tolist())
