"""Guided scores: parity with scipy's ranks, what neither score finds alone, units do not count, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, norm, percentileofscore
from sklearn.metrics import roc_auc_score

from modicum.core import InputError
from modicum.vectors.outliers import guided_scores


def test_parity_with_scipys_percentiles_and_normal_quantiles():
    rng = np.random.default_rng(0)
    scores, held_out = rng.integers(0, 9, (20, 3)).astype(float), rng.integers(0, 9, (30, 3)).astype(float)
    counts = [30 * percentileofscore(held_out[:, j], scores[:, j], kind="weak") / 100 for j in range(3)]
    expected = norm.ppf((np.array(counts) + 0.5) / 31).sum(axis=0)
    np.testing.assert_allclose(guided_scores(scores, held_out), expected, atol=1e-12)


def test_known_world_two_kinds_of_outliers_each_seen_by_one_score():
    """Either score alone ranks the outliers that it does not see at random, so its area is (1 + 1/2) / 2 at most."""
    rng = np.random.default_rng(1)
    typical = rng.normal(size=(2_000, 2))
    unseen = rng.normal(size=(2_000, 2)) - 8 * np.eye(2)[np.arange(2_000) % 2]
    rows, known = np.concatenate([rng.normal(size=(2_000, 2)), unseen]), np.arange(4_000) < 2_000
    for one in (0, 1):
        assert roc_auc_score(known, rows[:, one]) == pytest.approx(0.75, abs=0.02)
    assert roc_auc_score(known, guided_scores(rows, typical)) > 0.96


def test_known_world_typical_rows_of_independent_scores_are_normal():
    rng = np.random.default_rng(2)
    found = guided_scores(rng.exponential(size=(2_000, 3)), rng.exponential(size=(20_000, 3)))
    assert kstest(found / np.sqrt(3), "norm").pvalue > 0.01


@given(st.integers(0, 2**32 - 1))
def test_units_and_bends_of_a_score_do_not_count(seed):
    rng = np.random.default_rng(seed)
    scores, held_out = rng.normal(size=(6, 2)), rng.normal(size=(9, 2))
    np.testing.assert_allclose(guided_scores(np.exp(scores), np.exp(held_out)), guided_scores(scores, held_out))


@given(st.integers(0, 2**32 - 1))
def test_higher_scores_are_no_less_typical(seed):
    rng = np.random.default_rng(seed)
    scores, held_out = rng.normal(size=(6, 2)), rng.normal(size=(9, 2))
    assert (guided_scores(scores + rng.random((6, 2)), held_out) >= guided_scores(scores, held_out)).all()


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="there is no held-out row"):
        guided_scores([[1.0]], np.empty((0, 1)))
    with pytest.raises(InputError, match="scores are 2 wide where 1 is expected"):
        guided_scores([[1.0, 2.0]], [[1.0]])
