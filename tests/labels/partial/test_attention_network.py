"""The network over bags: the authors' loss and slopes, slopes by finite differences, what is hidden, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.labels.partial import bag_loss, bag_softmax, mask_top, row_scores, start_weights

STARTS = np.array([0, 5])
HIDDEN = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1], [1, 1, 0]], bool)


def drawn():
    """Two bags of five and three rows, and a network of four units and three branches, all standard normal."""
    rng = np.random.default_rng(7)
    net = start_weights(np.random.default_rng(0), width=6, hidden=4, branches=3, classes=2)
    net = net.like(rng.normal(size=net.flat().size))
    return rng.normal(size=(8, 6)), np.eye(2)[[1, 0]], net


@pytest.mark.parametrize(
    ("hidden", "loss", "slope"),
    [
        (None, 3.513737339099804, [0.15395694, 0.06550466, -0.03557032]),
        (HIDDEN, 3.1161932692817205, [0.13272556, -0.02716906, -0.02292836]),
    ],
)
def test_parity_with_the_authors_network(hidden, loss, slope):
    """ACMIL_GA of github.com/dazhangyu123/ACMIL (commit e53d19c) in float64, its first layer replaced by the identity.

    The weights are those of `drawn`, the loss is that of the authors' training step, averaged over the two bags. In
    training mode (n_masked_patch=2, mask_drop=0.5, seed 0) its chance hid what HIDDEN says.
    """
    X, targets, net = drawn()
    found, slopes = bag_loss(X, STARTS, targets, net, hidden)
    assert found == pytest.approx(loss, abs=1e-12)
    np.testing.assert_allclose(slopes.branch[3], slope, atol=1e-8)


def test_parity_of_attention_with_the_authors_network():
    """Mean attention of the branches, as above in evaluation mode."""
    X, _, net = drawn()
    attention = bag_softmax(row_scores(X, net), STARTS).mean(axis=1)
    expected = [0.35136437, 0.22627538, 0.14798397, 0.12552578, 0.14885049, 0.19208277, 0.30425393, 0.50366329]
    np.testing.assert_allclose(attention, expected, atol=1e-8)


@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("branches", [1, 3])
@pytest.mark.parametrize("masked", [True, False])
def test_slopes_are_those_of_finite_differences(gated, branches, masked):
    rng = np.random.default_rng(0)
    X, starts, targets = rng.normal(size=(14, 5)), np.array([0, 3, 4, 10]), rng.dirichlet(np.ones(3), size=4)
    net = start_weights(rng, width=5, hidden=4, branches=branches, classes=3, gated=gated)
    at = rng.normal(size=net.flat().size)
    hidden = mask_top(rng.normal(size=(14, branches)), starts, top=3, share=0.6, rng=rng) if masked else None

    def loss(flat):
        return bag_loss(X, starts, targets, net.like(flat), hidden)[0]

    steps = 1e-6 * np.eye(len(at))
    expected = np.array([(loss(at + step) - loss(at - step)) / 2e-6 for step in steps])
    slopes = bag_loss(X, starts, targets, net.like(at), hidden)[1]
    np.testing.assert_allclose(slopes.flat(), expected, atol=1e-7)


@given(st.integers(0, 2**32 - 1), st.integers(0, 6), st.floats(0, 0.99))
def test_hidden_rows_are_among_the_best_and_never_all(seed, top, share):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 8, size=5)
    starts = np.append(0, np.cumsum(sizes)[:-1])
    scores = rng.normal(size=(sizes.sum(), 2))
    hidden = mask_top(scores, starts, top=top, share=share, rng=rng)
    for start, size in zip(starts, sizes, strict=True):
        own, inside = hidden[start : start + size], scores[start : start + size]
        assert (own.sum(axis=0) == np.floor(min(top, size) * share)).all()
        best = np.argsort(-inside, axis=0).argsort(axis=0) < top
        assert not (own & ~best).any()
        assert not own.all(axis=0).any()


@given(st.integers(0, 2**32 - 1), st.floats(-1e3, 1e3))
def test_attention_sums_to_one_and_knows_differences_only(seed, shift):
    rng = np.random.default_rng(seed)
    starts, scores = np.array([0, 1, 4]), 5 * rng.normal(size=(9, 2))
    attention = bag_softmax(scores, starts)
    np.testing.assert_allclose(np.add.reduceat(attention, starts), 1)
    moved = scores + np.repeat([0, shift, 1], [1, 3, 5])[:, None]
    np.testing.assert_allclose(bag_softmax(moved, starts), attention, rtol=1e-9, atol=1e-12)


def test_hidden_rows_give_their_weight_to_the_others():
    """Hiding a row is leaving it out: the loss, and every slope, are those of the bag without it."""
    X, targets, net = drawn()
    without = np.arange(8) != 2
    hidden = np.repeat(~without[:, None], 3, axis=1)
    masked = bag_loss(X, STARTS, targets, net, hidden)
    removed = bag_loss(X[without], np.array([0, 4]), targets, net)
    assert masked[0] == pytest.approx(removed[0])
    np.testing.assert_allclose(masked[1].flat(), removed[1].flat(), atol=1e-12)
