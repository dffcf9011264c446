"""Self-training on imbalanced labels: the balanced softmax, a long-tailed world, thinning, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from modicum.core import InputError
from modicum.core.arrays import one_hot
from modicum.labels.weak import ImbalancedSelfTraining, prior_adjusted
from modicum.labels.weak.imbalanced_self_training import thinned_pseudo_labels

COUNTS = np.array([80, 12, 2])


def world(rng, counts, spread=0.45):
    centres = np.array([[1.0, 0.0], [-0.5, 0.9], [-0.5, -0.9]])
    y = np.repeat(np.arange(3), counts)
    return centres[y] + spread * rng.normal(size=(len(y), 2)), y


def per_class(head, X, y):
    return np.array([(head.predict(X[y == c]) == c).mean() for c in range(3)])


def test_parity_without_a_pool_or_adjustment_with_logistic_regression():
    X, y = world(np.random.default_rng(0), COUNTS)
    reference = LogisticRegression(C=1.0, tol=1e-8, max_iter=2000).fit(X, y)
    plain = ImbalancedSelfTraining(C=1.0, adjust=0).fit(X, y)
    np.testing.assert_allclose(plain.predict_proba(X), reference.predict_proba(X), atol=1e-3)


def test_the_adjusted_rule_is_that_of_the_balanced_softmax():
    """The loss of Ren et al. 2020, minimised directly: log-shares are added to the scores while it is fitted."""
    X, y = world(np.random.default_rng(1), COUNTS)
    Y, log_shares = one_hot(y, 3), np.log(COUNTS / COUNTS.sum())

    def loss(flat):
        W, b = flat[:6].reshape(3, 2), flat[6:]
        scores = X @ W.T + b + log_shares
        return float((logsumexp(scores, axis=1) - (Y * scores).sum(axis=1)).sum() + 0.5 * (W**2).sum())

    found = minimize(loss, np.zeros(9), method="BFGS").x
    ours = ImbalancedSelfTraining(C=1.0).fit(X, y)
    np.testing.assert_allclose(ours.coef_, found[:6].reshape(3, 2), atol=2e-3)
    np.testing.assert_allclose(np.diff(ours.intercept_), np.diff(found[6:]), atol=5e-3)


def test_known_world_all_classes_become_right_alike_often():
    """With equal spherical classes the best rule is right equally often in all three, whatever the labels' shares."""
    rng = np.random.default_rng(0)
    X, y = world(rng, [200, 20, 2])
    pool, _ = world(rng, [1_000, 100, 10])
    X_new, y_new = world(rng, [2_000] * 3)
    plain = ImbalancedSelfTraining(adjust=0, thin=0)
    before, after = (per_class(h.fit(X, y, X_unlabelled=pool), X_new, y_new) for h in (plain, ImbalancedSelfTraining()))
    assert np.ptp(before) > 0.3
    assert np.ptp(after) < 0.15
    assert after.mean() > before.mean() + 0.05


def test_known_world_the_pool_mends_unlucky_rare_labels():
    """Both labels of the rare class lie at the edge of its cloud; the pool shows the whole of it."""
    rng = np.random.default_rng(1)
    X, y = world(rng, [40, 40, 2])
    X[y == 2] = [[0.3, -0.6], [0.4, -0.5]]
    pool, _ = world(rng, [300] * 3)
    X_new, y_new = world(rng, [2_000] * 3)
    first, taught = (ImbalancedSelfTraining(rounds=r).fit(X, y, X_unlabelled=pool) for r in (0, 3))
    assert taught.score(X_new, y_new) > first.score(X_new, y_new) + 0.02


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_thinning_keeps_the_surest_and_all_of_the_rarest_class(seed, thin):
    scores = np.random.default_rng(seed).normal(size=(60, 3))
    rows, codes = thinned_pseudo_labels(scores, COUNTS.astype(float), thin)
    first, sure = scores.argmax(axis=1), np.exp(scores.max(axis=1)) / np.exp(scores).sum(axis=1)
    assert (codes == first[rows]).all()
    assert (rows[codes == 2] == np.flatnonzero(first == 2)[np.argsort(-sure[first == 2])]).all()
    for c in range(3):
        own, kept = np.flatnonzero(first == c), rows[codes == c]
        assert len(kept) == int(np.ceil(len(own) * (2 / COUNTS[c]) ** thin))
        assert sure[kept].min(initial=1.0) >= sure[np.setdiff1d(own, kept)].max(initial=0.0)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_adjusting_undoes_the_shares_of_the_training_rows(seed, classes):
    """Scores log p(x | k) + log share_k become log p(x | k), up to one constant for all classes."""
    rng = np.random.default_rng(seed)
    mass, own = rng.integers(1, 100, classes).astype(float), rng.normal(size=classes)
    _, b = prior_adjusted((np.zeros((classes, 1)), own + np.log(mass)), mass)
    np.testing.assert_allclose(np.diff(b), np.diff(own), atol=1e-9)


def test_balanced_labels_without_a_pool_are_left_as_they_are():
    X, y = world(np.random.default_rng(3), [10] * 3)
    heads = [ImbalancedSelfTraining(adjust=a).fit(X, y) for a in (0.0, 1.0)]
    np.testing.assert_allclose(heads[0].predict_proba(X), heads[1].predict_proba(X), atol=1e-6)


def test_a_class_of_no_row_stays_unlikely():
    X, y = world(np.random.default_rng(4), [10, 10, 0])
    head = ImbalancedSelfTraining().fit(X, y, classes=np.arange(3), X_unlabelled=X)
    assert head.predict_proba(X)[:, 2].max() < 0.2


def test_an_empty_pool_is_no_pool_and_one_of_another_width_is_refused():
    X, y = world(np.random.default_rng(5), COUNTS)
    empty = ImbalancedSelfTraining().fit(X, y, X_unlabelled=X[:0])
    np.testing.assert_array_equal(empty.coef_, ImbalancedSelfTraining().fit(X, y).coef_)
    with pytest.raises(InputError, match="unlabelled vectors are 3 wide where 2 is expected"):
        ImbalancedSelfTraining().fit(X, y, X_unlabelled=np.eye(3))
