"""Consistency under noise."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import Consistency, consistency, noisy_tokens  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402


@given(st.lists(st.integers(10, 99), min_size=0, max_size=12), st.floats(0, 1), st.floats(0, 1))
def test_noise_keeps_the_ends_and_makes_up_no_word(inner, drop, swap):
    found = noisy_tokens([1, *inner, 2], drop=drop, swap=swap)
    assert (found[0], found[-1]) == (1, 2)
    assert min(1, len(inner)) <= len(found) - 2 <= len(inner)
    assert all(found.count(token) <= inner.count(token) for token in set(found[1:-1]))


def test_without_noise_a_text_stays_and_shares_are_as_asked():
    torch.manual_seed(0)
    text = [1, *range(100, 2_100), 2]
    assert noisy_tokens(text, drop=0.0, swap=0.0) == text
    assert len(noisy_tokens(text, drop=0.3, swap=0.0)) == pytest.approx(1_400, abs=80)
    assert sorted(noisy_tokens(text, drop=0.0, swap=0.5)) == sorted(text)
    assert noisy_tokens([1, 2], drop=1.0, swap=1.0) == [1, 2]


def test_parity_with_the_authors_formula_written_out():
    scores, noisy = 4 * worlds.unit(6, 3), 4 * worlds.unit(6, 3, seed=1)
    total = 0.0
    for own, other in zip(scores.double().numpy(), noisy.double().numpy(), strict=True):
        p = np.exp(own / 0.4) / np.exp(own / 0.4).sum()
        q = np.exp(other) / np.exp(other).sum()
        sure = (np.exp(own) / np.exp(own).sum()).max() > 0.8
        total += sure * ((p * np.log(p)).sum() - (p * np.log(q)).sum())
    assert total > 0
    assert consistency(scores, noisy).item() == pytest.approx(total / 6, rel=1e-4)
    assert consistency(scores, noisy, confidence=1.0).item() == 0


@given(st.integers(1, 6), st.integers(2, 5), st.integers(0, 99))
def test_only_the_noisy_scores_learn(rows, classes, seed):
    scores = (3 * worlds.unit(rows, classes, seed=seed)).requires_grad_()
    noisy = worlds.unit(rows, classes, seed=seed + 1).requires_grad_()
    loss = consistency(scores, noisy, confidence=0.0)
    loss.backward()
    assert loss.item() >= 0
    assert scores.grad is None
    assert torch.isfinite(noisy.grad).all()


def test_a_batch_holds_both_kinds_of_rows_and_labels_alone_cost_the_rest(tmp_path):
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found)
    loss = Consistency(ratio=3).start(lesson, module)
    rows = loss.draw(8, np.random.default_rng(0))
    assert [int((lesson.codes[rows] >= 0).sum()), int((lesson.codes[rows] < 0).sum())] == [2, 6]
    labels = Consistency(weight=0.0).start(lesson, module)(module, rows)
    both = Consistency(weight=2.0, confidence=0.0, drop=0.5).start(lesson, module)(module, rows)
    assert both > labels


def test_settings_out_of_range_are_told(tmp_path):
    found, module = worlds.encoder(tmp_path)
    with pytest.raises(InputError, match="ratio must be at least 1 unlabelled row for each labelled one, not 0"):
        Consistency(ratio=0).start(worlds.lesson(found), module)
    with pytest.raises(InputError, match="drop must lie from 0 to 1, not 2"):
        Consistency(drop=2).start(worlds.lesson(found), module)
    with pytest.raises(InputError, match="sharpening must be above 0 and weight at least 0, not 0 and -1"):
        Consistency(sharpening=0, weight=-1).start(worlds.lesson(found), module)
    with pytest.raises(InputError, match="learns from unlabelled rows"):
        Consistency().start(worlds.lesson(found, labelled=range(9)), module)
