"""Concurrence: scipy's tau-b, rankings by hand, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from modicum.core import InputError
from modicum.evaluation.stats import concurrence


def test_parity_with_scipy():
    scores = np.random.default_rng(0).integers(0, 6, size=(9, 4)).astype(float)
    expected = [[kendalltau(a, b).statistic for b in scores.T] for a in scores.T]
    np.testing.assert_allclose(concurrence(scores).tau, expected, atol=1e-12)


def test_known_world_one_pair_turned_round():
    """Four candidates have six pairs; one of them turned round leaves (5 - 1) / 6."""
    assert concurrence([[1, 1], [2, 2], [3, 4], [4, 3]]).tau[0, 1] == pytest.approx(4 / 6)


def test_small_differences_are_ties():
    scores = np.array([[0.90, 0.5], [0.91, 0.4], [0.50, 0.1]])
    assert concurrence(scores).tau[0, 1] == pytest.approx(1 / 3)
    assert concurrence(scores, tie=0.02).tau[0, 1] == pytest.approx(2 / np.sqrt(6))


@given(st.integers(0, 2**32 - 1))
def test_growing_changes_of_scale_never_matter(seed):
    scores = np.random.default_rng(seed).normal(size=(6, 3))
    np.testing.assert_allclose(concurrence(scores).tau, concurrence(np.exp(scores) * [1, 2, 3]).tau, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(2, 8), st.integers(2, 5))
def test_symmetric_within_bounds_and_one_with_itself(seed, candidates, benchmarks):
    found = concurrence(np.random.default_rng(seed).normal(size=(candidates, benchmarks)))
    np.testing.assert_allclose(found.tau, found.tau.T)
    np.testing.assert_allclose(np.diag(found.tau), 1)
    assert np.abs(found.tau).max() <= 1 + 1e-12


def test_a_benchmark_that_ranks_nothing_and_errors():
    found = concurrence([[1.0, 5.0, 1.0], [2.0, 5.0, 2.0]])
    assert np.isnan(found.tau[1]).all()
    assert found.typical[[0, 2]].tolist() == [1.0, 1.0]
    assert np.isnan(found.typical[1])
    with pytest.raises(InputError, match="at least two candidates"):
        concurrence([[1.0, 2.0]])
    with pytest.raises(InputError, match="tie must be at least 0"):
        concurrence(np.eye(2), tie=-1)
