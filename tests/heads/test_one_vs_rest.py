"""One rule per label: parity with scikit-learn, a world with a known answer, properties, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from modicum.core import InputError
from modicum.core.logistic import base_logits, fit_logistic
from modicum.heads import OneVsRest, one_vs_rest


def world(seed=0, rows=120, width=6, labels=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, width))
    Y = (X @ rng.normal(size=(width, labels)) + 0.8 * rng.normal(size=(rows, labels)) > 0.3).astype(int)
    return X, Y


def test_parity_with_one_logistic_regression_per_label():
    X, Y = world()
    W, b = fit_logistic(X, Y.astype(float), C=3.0, hold=0.0)
    for k in range(Y.shape[1]):
        reference = LogisticRegression(C=3.0, tol=1e-8, max_iter=1000).fit(X, Y[:, k])
        np.testing.assert_allclose(W[k], reference.coef_[0], atol=2e-3)
        np.testing.assert_allclose(b[k], reference.intercept_[0], atol=2e-3)


def test_known_world_logistic_truth_is_found():
    """With labels drawn from sigmoid(2 x - 1), the fitted line is the drawn one."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(100_000, 1))
    Y = (rng.random((len(X), 1)) < 1 / (1 + np.exp(-(2 * X - 1)))).astype(int)
    head = OneVsRest().fit(X, Y)
    assert head.coef_[0, 0] == pytest.approx(2, abs=0.05)
    assert head.intercept_[0] == pytest.approx(-1, abs=0.05)


@given(st.integers(0, 2**32 - 1))
def test_labels_do_not_know_each_other_without_names(seed):
    X, Y = world(seed, rows=40)
    both, first = one_vs_rest(X, Y.astype(float)), one_vs_rest(X, Y[:, :1].astype(float))
    np.testing.assert_allclose(both[0][:1], first[0], atol=0.05)


@given(st.integers(0, 2**32 - 1), st.floats(0, 20))
def test_without_strength_the_weights_are_the_names_and_shares_are_kept(seed, scale):
    X, Y = world(seed, rows=60)
    names = np.eye(6)[:3]
    head = OneVsRest(C=0.0, prior_scale=scale).fit(X, Y, class_vectors=names)
    np.testing.assert_allclose(np.linalg.norm(head.coef_, axis=1), scale, atol=1e-9)
    np.testing.assert_allclose(head.predict_proba(X).mean(axis=0), Y.mean(axis=0), atol=0.1)


def test_names_tell_a_label_of_no_row():
    X, names = np.eye(4)[[0, 0, 1, 1]], np.eye(4)[:3]
    Y = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]])
    told = OneVsRest().fit(X, Y, class_vectors=names).scores(np.eye(4))
    assert told[2, 2] > max(told[0, 2], told[1, 2], told[3, 2])
    assert np.isfinite(OneVsRest().fit(X, Y).scores(X)).all()


def test_base_logits_are_those_of_the_shares():
    Y = np.array([[1.0], [0.0], [0.0]])
    assert base_logits(Y, np.ones(3))[0] == pytest.approx(np.log(1.5 / 2.5))


def test_conventions():
    X, Y = world()
    before = X.copy(), Y.copy()
    head = OneVsRest(C=2.0)
    first, second = clone(head).fit(X, Y), clone(head).fit(X.astype(np.float32), Y)
    assert np.array_equal(X, before[0])
    assert np.array_equal(Y, before[1])
    np.testing.assert_allclose(first.predict_proba(X), second.predict_proba(X.astype(np.float32)), atol=0.02)
    assert np.array_equal(first.predict(X), first.predict_proba(X) > 0.5)
    assert head.get_params() == {"C": 2.0, "name_weight": 1.0, "prior_scale": 2.5}


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="indicator matrix of 0 and 1"):
        OneVsRest().fit(np.eye(2), [[0, 2], [1, 0]])
    with pytest.raises(InputError, match="label vectors have 3 rows where the table has 2"):
        OneVsRest().fit(np.eye(3), [[0, 1]] * 3, class_vectors=np.eye(3))
