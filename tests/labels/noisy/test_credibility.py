"""Credibility: cleanlab's order where both know the same, a world whose errors are known, properties, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from modicum.core import InputError
from modicum.labels.noisy import credibility
from tests.labels.references import world


def blobs(seed, rows=240, classes=4, spread=0.5):
    """Rows around class centres, soft probabilities of their true class, and labels of which a tenth is wrong."""
    rng = np.random.default_rng(seed)
    truth = np.arange(rows) % classes
    X = np.eye(classes + 2)[truth] + spread * rng.normal(size=(rows, classes + 2))
    proba = 0.6 * np.eye(classes)[truth] + 0.4 * rng.dirichlet(np.ones(classes), size=rows)
    codes = truth.copy()
    wrong = rng.choice(rows, rows // 10, replace=False)
    codes[wrong] = (truth[wrong] + rng.integers(1, classes, len(wrong))) % classes
    return X, proba, codes, truth


def test_parity_with_cleanlab_where_neighbours_are_not_heard():
    """cleanlab 2.9.0: get_label_quality_scores(labels, proba, method="self_confidence"), two classes; its ten lowest.

    With two classes and even mistakes the order is that of the label's own probability.
    """
    _, _, sharp, flipped = world()
    pair = sharp[:, :2] / sharp[:, :2].sum(axis=1, keepdims=True)
    found = credibility(np.ones((300, 1)), pair, flipped % 2, neighbours=0.0, rng=np.random.default_rng(0))
    assert not found.structured
    assert np.argsort(found.values)[:10].tolist() == [73, 237, 87, 47, 192, 85, 27, 126, 179, 160]


def test_known_world_flipped_labels_come_first_and_are_put_right():
    X, proba, codes, truth = blobs(0)
    found = credibility(X, proba, codes, rng=np.random.default_rng(0))
    wrong = codes != truth
    assert average_precision_score(wrong, -found.values) > 0.99
    assert np.array_equal(found.suggested[wrong], truth[wrong])
    assert 1 - found.values.mean() == pytest.approx(0.1, abs=0.03), "credibility is a probability"


def test_neighbours_find_what_a_poor_model_does_not():
    X, proba, codes, truth = blobs(1, spread=0.2)
    poor = 0.15 * proba + 0.85 / 4
    poor = poor[np.random.default_rng(0).permutation(len(poor))]
    deaf, hearing = (credibility(X, poor, codes, neighbours=n, rng=np.random.default_rng(0)) for n in (0.0, 0.9))
    scores = [average_precision_score(codes != truth, -found.values) for found in (deaf, hearing)]
    assert scores[1] > scores[0] + 0.3


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_classes_under_other_numbers_are_believed_alike(seed):
    X, proba, codes, _ = blobs(seed, rows=60)
    order = np.random.default_rng(seed).permutation(4)
    found = credibility(X, proba, codes, rng=np.random.default_rng(0))
    other = credibility(X, proba[:, np.argsort(order)], order[codes], rng=np.random.default_rng(0))
    np.testing.assert_allclose(found.values, other.values, atol=1e-6)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_values_are_the_posterior_of_the_label(seed):
    X, proba, codes, _ = blobs(seed, rows=60)
    found = credibility(X, proba, codes, rng=np.random.default_rng(0))
    assert np.array_equal(found.values, found.posterior[np.arange(60), codes])
    assert (np.diff(found.values[found.suspects]) >= 0).all()
    assert (found.suggested[found.suspects] != codes[found.suspects]).all()


def test_the_only_row_of_a_class_is_believed():
    X, proba, codes, _ = blobs(2)
    codes[:] = codes % 3
    codes[5] = 3
    assert credibility(X, proba, codes, rng=np.random.default_rng(0)).values[5] == 1


def test_no_row_is_no_reason_to_fail():
    empty = credibility(np.empty((0, 2)), np.empty((0, 3)), np.empty(0, int), rng=np.random.default_rng(0))
    assert len(empty.suspects) == 0


def test_errors():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="vectors have 3 rows where the table has 2"):
        credibility(np.eye(3), np.eye(2), np.array([0, 1]), rng=rng)
    with pytest.raises(InputError, match=r"class codes must lie in 0\.\.1"):
        credibility(np.eye(2), np.eye(2), np.array([0, 2]), rng=rng)
    with pytest.raises(InputError, match="neighbours must lie from 0 to 1, not 2"):
        credibility(np.eye(2), np.eye(2), np.array([0, 1]), neighbours=2, rng=rng)
