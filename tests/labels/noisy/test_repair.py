"""Repair: weighted rows are soft labels, and a world in which they give back what errors took."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.softmax import fit_softmax
from modicum.heads import Linear
from modicum.labels.noisy import credibility, repair


def test_parity_of_weighted_rows_with_soft_targets():
    """Softmax regression takes both; the loss is the same, so is the rule."""
    rng = np.random.default_rng(0)
    X, soft = rng.normal(size=(50, 4)), rng.dirichlet(np.ones(3), size=50)
    mended = repair(soft, trust=0.5)
    W, b = fit_softmax(X, mended.soft, sample_weight=mended.weight, C=30.0)
    rows, codes, weight = mended.weighted_rows(least=0.0)
    head = Linear().fit(X[rows], codes, weight)
    np.testing.assert_allclose(head.coef_ - head.coef_.mean(axis=0), W - W.mean(axis=0), atol=2e-3)
    np.testing.assert_allclose(head.intercept_ - head.intercept_.mean(), b - b.mean(), atol=2e-3)


def test_known_world_repair_gives_back_what_one_sided_errors_took():
    """Two clouds; a third of one class is labelled as the other, which moves the border. Repair moves it back."""
    rng = np.random.default_rng(1)
    truth = np.arange(400) % 2
    X = np.stack([2 * truth - 1 + 0.7 * rng.normal(size=400), np.ones(400)], axis=1)
    given_labels = np.where((truth == 0) & (rng.random(400) < 0.33), 1, truth)
    proba = 1 / (1 + np.exp(-4 * X[:, :1])) * [[-1, 1]] + [[1, 0]]
    found = credibility(np.hstack([X, np.ones((400, 1))]), proba, given_labels, rng=np.random.default_rng(0))
    rows, codes, weight = repair(found.posterior).weighted_rows()
    noisy, mended = Linear().fit(X, given_labels).score(X, truth), Linear().fit(X[rows], codes, weight).score(X, truth)
    clean = Linear().fit(X, truth).score(X, truth)
    assert noisy < clean - 0.02
    assert mended > (noisy + clean) / 2


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_weights_fall_with_doubt_and_rows_add_up(seed, trust):
    soft = np.random.default_rng(seed).dirichlet(np.ones(3), size=20)
    mended = repair(soft, trust=trust)
    rows, _, weight = mended.weighted_rows(least=0.0)
    np.testing.assert_allclose(np.bincount(rows, weight, 20), mended.weight)
    assert ((mended.weight >= 0) & (mended.weight <= 1)).all()


@given(st.integers(0, 2**32 - 1))
def test_full_trust_changes_no_sure_label_and_argument(seed):
    sure = np.eye(4)[np.random.default_rng(seed).integers(0, 4, 10)]
    before = sure.copy()
    mended = repair(sure, trust=1.0)
    assert np.array_equal(mended.soft, sure)
    assert (mended.weight == 1).all()
    assert np.array_equal(sure, before)
    assert np.array_equal(mended.weighted_rows()[1], sure.argmax(axis=1))


def test_errors():
    with pytest.raises(InputError, match="row 0 sums to 2"):
        repair(np.ones((1, 2)))
    with pytest.raises(InputError, match=r"trust must lie from 0 to 1, not 1\.5"):
        repair(np.eye(2), trust=1.5)
