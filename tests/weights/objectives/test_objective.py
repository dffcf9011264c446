"""What objectives share: lessons, even batches, vectors with a gradient."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import Lesson, balanced_rows, embed  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.integers(1, 40), st.integers(1, 4), st.integers(0, 99))
def test_batches_hold_as_many_rows_of_each_class_drawn(codes, size, per_class, seed):
    codes = np.array(codes)
    rows = balanced_rows(codes, np.arange(len(codes)), size, np.random.default_rng(seed), per_class=per_class)
    counts = np.bincount(codes[rows])
    counts = counts[counts > 0]
    assert len(set(counts.tolist())) == 1
    assert counts[0] >= per_class
    assert len(rows) >= min(size, per_class)


def test_rows_are_drawn_from_those_given_only():
    codes = np.array([0, 1, 0, 1, 0, 1])
    rows = balanced_rows(codes, np.array([0, 1]), 8, np.random.default_rng(0))
    assert set(rows.tolist()) == {0, 1}
    assert len(rows) == 8


def test_a_lesson_says_what_it_lacks():
    lesson = Lesson([[1]], np.array([-1]), 2)
    assert lesson.pool.tolist() == [0]
    with pytest.raises(InputError, match="learns from labels and needs 2; there are 0"):
        lesson.labelled(2)
    with pytest.raises(InputError, match="learns from class names, and these say nothing; describe the classes"):
        lesson.named()
    with pytest.raises(InputError, match="learns from unlabelled rows; there is none"):
        Lesson([[1]], np.array([0]), 2).unlabelled()


def test_vectors_carry_a_gradient(tmp_path):
    found, module = worlds.encoder(tmp_path)
    vectors = embed(module, found.tokenize(worlds.TEXTS[:2]))
    expected = found.encode(worlds.TEXTS[:2])
    expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors.detach().numpy(), expected, atol=2e-6)
    (vectors[0] @ vectors[1]).backward()
    assert any(p.grad is not None and p.grad.abs().max() > 0 for p in module.parameters())
