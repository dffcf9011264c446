"""Pseudo-labels as a stage before the labels."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import PseudoLabels, SupervisedContrastive, surest_rows  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402


@given(st.integers(1, 30), st.integers(1, 5), st.floats(0.01, 1), st.integers(0, 99))
def test_the_surest_share_of_each_predicted_class_is_kept(rows, classes, share, seed):
    proba = np.random.default_rng(seed).dirichlet(np.ones(classes), rows)
    kept, codes = surest_rows(proba, share), proba.argmax(axis=1)
    assert (np.diff(kept) > 0).all()
    for code in set(codes.tolist()):
        own = np.flatnonzero(codes == code)
        chosen = np.intersect1d(own, kept)
        assert len(chosen) == np.ceil(share * len(own))
        left = np.setdiff1d(own, chosen)
        assert len(left) == 0 or proba[left].max() <= proba[chosen].max(axis=1).min()


@given(st.integers(1, 12), st.integers(0, 99))
def test_with_a_share_of_1_all_rows_are_kept(rows, seed):
    proba = np.random.default_rng(seed).dirichlet(np.ones(3), rows)
    assert surest_rows(proba, 1.0).tolist() == list(range(rows))


def test_the_cost_is_the_cross_entropy_to_what_was_thought(tmp_path):
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found)
    loss = PseudoLabels(share=1.0).start(lesson, module)
    rows = loss.draw(9, np.random.default_rng(0))
    assert set(rows.tolist()) == set(lesson.pool.tolist())
    tokens, cost = loss.read(lesson.pool)
    vectors = worlds.unit(len(tokens), 16)
    logs = (vectors @ loss.head.vectors.T / 0.1).log_softmax(dim=1)
    wanted = -(torch.tensor(lesson.proba[lesson.pool], dtype=torch.float32) * logs).sum(dim=1).mean()
    torch.testing.assert_close(cost(vectors), wanted)


def test_another_objective_meets_predicted_classes_in_the_place_of_labels(tmp_path):
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found)
    loss = PseudoLabels(share=1.0, objective=SupervisedContrastive()).start(lesson, module)
    assert loss.lesson.rows.tolist() == lesson.pool.tolist() == [2, 5, 8]
    assert loss.lesson.codes[lesson.pool].tolist() == [0, 1, 2]
    assert lesson.codes[lesson.pool].tolist() == [-1, -1, -1]


def test_what_is_missing_is_told(tmp_path):
    found, module = worlds.encoder(tmp_path)
    with pytest.raises(InputError, match="learns from the probabilities of a model; give those of a fitted one"):
        PseudoLabels().start(worlds.lesson(found, proba=False), module)
    with pytest.raises(InputError, match="learns from unlabelled rows"):
        PseudoLabels().start(worlds.lesson(found, labelled=range(9)), module)
    with pytest.raises(InputError, match="share must lie above 0 and at most at 1, not 0"):
        PseudoLabels(share=0).start(worlds.lesson(found), module)
