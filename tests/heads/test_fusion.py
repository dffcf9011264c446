"""Names and shots: without names it is the baseline, with few shots the names, with many the shots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from modicum.core import InputError
from modicum.heads import Linear, NamesAndShots
from tests.heads.test_class_mean import blobs


def test_parity_without_names_with_logistic_regression():
    X, y = blobs(np.random.default_rng(0), spread=3.0)
    reference = LogisticRegression(C=1.0, tol=1e-8, max_iter=2000).fit(X, y)
    np.testing.assert_allclose(NamesAndShots(C=1.0).fit(X, y).predict_proba(X), reference.predict_proba(X), atol=2e-3)


def test_names_as_rows_are_rows():
    X, y = blobs(np.random.default_rng(1), spread=1.0)
    names = np.random.default_rng(2).normal(size=(4, X.shape[1]))
    fused = NamesAndShots(prior_scale=0.0, name_weight=2.0).fit(X, y, class_vectors=names)
    plain = Linear().fit(np.concatenate([X, names]), np.append(y, np.arange(4)), np.append(np.ones(len(y)), [2.0] * 4))
    np.testing.assert_allclose(fused.coef_, plain.coef_, atol=1e-6)


def test_known_world_prior_decides_without_evidence():
    """One row per class, all at the same place, say nothing: the answer is that of the names."""
    names = np.eye(3)
    head = NamesAndShots(name_weight=0.0).fit(np.zeros((3, 3)), np.arange(3), class_vectors=names)
    assert head.predict(np.eye(3)).tolist() == [0, 1, 2]


def test_many_shots_overrule_misleading_names():
    X, y = blobs(np.random.default_rng(3), per_class=100)
    wrong = np.stack([X[y == (k + 1) % 4].mean(axis=0) for k in range(4)])
    assert NamesAndShots().fit(X, y, class_vectors=wrong).score(X, y) > 0.97


@given(st.integers(0, 2**32 - 1))
def test_permuting_classes_permutes_columns(seed):
    rng = np.random.default_rng(seed)
    X, y = blobs(rng)
    names, order = rng.normal(size=(4, X.shape[1])), rng.permutation(4)
    one = NamesAndShots(C=1.0).fit(X, y, classes=np.arange(4), class_vectors=names)
    two = NamesAndShots(C=1.0).fit(X, y, classes=order, class_vectors=names[order])
    np.testing.assert_allclose(one.predict_proba(X)[:, order], two.predict_proba(X), atol=1e-2)


@given(st.integers(0, 2**32 - 1))
def test_a_common_shift_of_all_names_does_not_move_the_prior(seed):
    rng = np.random.default_rng(seed)
    X, y = blobs(rng)
    names = rng.normal(size=(4, X.shape[1]))
    one, two = (NamesAndShots(C=1.0, name_weight=0.0).fit(X, y, class_vectors=v) for v in (names, names + 3.0))
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), atol=1e-3)


def test_one_name_per_class():
    with pytest.raises(InputError, match="class vectors have 3 rows where the table has 2"):
        NamesAndShots().fit(np.eye(2), [0, 1], class_vectors=np.ones((3, 2)))
