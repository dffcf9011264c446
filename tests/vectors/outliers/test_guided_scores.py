"""Guided scores: parity with scikit-learn's scaler, what neither score finds alone, scales do not count, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from modicum.core import InputError
from modicum.vectors.outliers import guided_scores


def test_parity_with_scikit_learns_scaler():
    rng = np.random.default_rng(0)
    scores, held_out = rng.normal(size=(20, 3)), 5 + 2 * rng.normal(size=(30, 3))
    expected = StandardScaler().fit(held_out).transform(scores).sum(axis=1)
    np.testing.assert_allclose(guided_scores(scores, held_out), expected)


def test_known_world_two_kinds_of_outliers_each_seen_by_one_score():
    """Either score alone ranks the outliers that it does not see at random, so its area is (1 + 1/2) / 2 at most."""
    rng = np.random.default_rng(1)
    typical = rng.normal(size=(2_000, 2))
    unseen = rng.normal(size=(2_000, 2)) - 8 * np.eye(2)[np.arange(2_000) % 2]
    rows, known = np.concatenate([typical, unseen]), np.arange(4_000) < 2_000
    for one in (0, 1):
        assert roc_auc_score(known, rows[:, one]) == pytest.approx(0.75, abs=0.02)
    assert roc_auc_score(known, guided_scores(rows, typical)) > 0.99


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-5, 5))
def test_units_of_a_score_do_not_count(seed, scale, shift):
    rng = np.random.default_rng(seed)
    scores, held_out = rng.normal(size=(6, 2)), rng.normal(size=(9, 2))
    change = np.array([scale, 1.0]), np.array([shift, 0.0])
    moved = guided_scores(scores * change[0] + change[1], held_out * change[0] + change[1])
    np.testing.assert_allclose(moved, guided_scores(scores, held_out), atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_held_out_rows_have_mean_zero(seed):
    held_out = np.random.default_rng(seed).normal(size=(9, 3))
    assert guided_scores(held_out, held_out).mean() == pytest.approx(0, abs=1e-9)


def test_a_score_without_spread_counts_nothing():
    held_out = np.array([[1.0, 3.0], [1.0, 5.0]])
    assert guided_scores([[9.0, 5.0]], held_out).tolist() == [1.0]


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="there is no held-out row"):
        guided_scores([[1.0]], np.empty((0, 1)))
    with pytest.raises(InputError, match="scores are 2 wide where 1 is expected"):
        guided_scores([[1.0, 2.0]], [[1.0]])
