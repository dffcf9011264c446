"""Name anchors."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import Lesson, NameAnchors, name_anchors  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402


def test_it_is_the_formula_of_the_paper_written_out():
    vectors, anchors, codes, temperature = worlds.unit(4, 5), worlds.unit(3, 5, seed=1), [2, 0, 0, 1], 0.3
    total = 0.0
    for row, code in zip(vectors.tolist(), codes, strict=True):
        cosines = [sum(a * b for a, b in zip(row, anchor, strict=True)) for anchor in anchors.tolist()]
        below = sum(math.exp(cosine / temperature) for cosine in cosines)
        total -= math.log(math.exp(cosines[code] / temperature) / below)
    found = name_anchors(vectors, anchors, torch.tensor(codes), temperature=temperature)
    assert found.item() == pytest.approx(total / 4, abs=1e-6)


@given(st.integers(2, 9), st.floats(0.02, 1), st.integers(0, 99))
def test_between_nothing_and_the_worst_cosines_can_be(classes, temperature, seed):
    vectors, anchors = worlds.unit(6, 4, seed=seed), worlds.unit(classes, 4, seed=seed + 1)
    codes = torch.arange(6) % classes
    found = name_anchors(vectors, anchors, codes, temperature=temperature).item()
    assert 0 <= found <= 2 / temperature + math.log(classes) + 1e-4


@given(st.integers(1, 12), st.integers(0, 99))
def test_names_drawn_hold_those_of_the_batch_and_no_more_than_wanted(batch, seed):
    codes = np.random.default_rng(seed).integers(0, 40, batch)
    lesson = Lesson([[7]] * batch, codes, 40, [[100 + code] for code in range(40)])
    loss = NameAnchors(most=8, temperature=1.0).start(lesson, None)
    tokens, cost = loss.read(np.arange(batch))
    names = [token for (token,) in tokens[batch:]]
    assert len(set(names)) == len(names) == max(8, len(set(codes.tolist())))
    assert set((codes + 100).tolist()) <= set(names)
    lifted = torch.zeros(len(tokens), 40)
    lifted[torch.arange(batch), torch.from_numpy(codes)] = 40.0
    for place, name in enumerate(names):
        lifted[batch + place, name - 100] = 1.0
    assert cost(lifted).item() == pytest.approx(0, abs=1e-5)


def test_names_learn_too_and_are_asked_for(tmp_path):
    found, module = worlds.encoder(tmp_path)
    with pytest.raises(InputError, match="learns from class names"):
        NameAnchors().start(worlds.lesson(found, names=False), module)
    with pytest.raises(InputError, match="most must be at least 2 names, not 1"):
        NameAnchors(most=1).start(worlds.lesson(found), module)
    lesson = worlds.lesson(found)
    loss = NameAnchors().start(lesson, module)
    loss(module, lesson.rows[:1]).backward()
    words = module.get_submodule("embeddings.word_embeddings").weight.grad
    assert words[lesson.names[2][1]].abs().max() > 0
