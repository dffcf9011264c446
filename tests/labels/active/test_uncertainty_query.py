"""Uncertainty sampling: the three definitions, where they agree and where they part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from modicum.core import InputError
from modicum.labels.active import uncertainty_query
from modicum.labels.active.uncertainty_query import uncertainty


def ask(proba, budget, measure="margin"):
    rows = len(proba)
    return uncertainty_query(
        np.zeros((rows, 1)), proba, np.zeros(rows, bool), budget, np.random.default_rng(0), measure=measure
    )


def test_parity_with_scipy_and_with_the_definitions():
    proba = np.random.default_rng(1).dirichlet(np.ones(5), size=100)
    ordered = np.sort(proba, axis=1)
    np.testing.assert_allclose(uncertainty(proba, "entropy"), stats.entropy(proba, axis=1), atol=1e-9)
    np.testing.assert_allclose(uncertainty(proba, "margin"), 1 - (ordered[:, -1] - ordered[:, -2]))
    np.testing.assert_allclose(uncertainty(proba, "confidence"), 1 - ordered[:, -1])


def test_known_world_each_measure_has_its_own_row():
    """Rows from Settles' survey of active learning: torn between two, flat, and with a low best probability."""
    proba = np.array([[0.48, 0.48, 0.02, 0.02], [0.40, 0.20, 0.20, 0.20], [0.37, 0.34, 0.29, 0.00], [0.9, 0.1, 0, 0]])
    assert ask(proba, 1, "margin").tolist() == [0]
    assert ask(proba, 1, "entropy").tolist() == [1]
    assert ask(proba, 1, "confidence").tolist() == [2]


@given(st.integers(0, 2**32 - 1))
def test_with_two_classes_all_measures_agree(seed):
    proba = np.random.default_rng(seed).dirichlet(np.ones(2), size=30)
    assert ask(proba, 9).tolist() == ask(proba, 9, "entropy").tolist() == ask(proba, 9, "confidence").tolist()


@given(st.integers(0, 2**32 - 1))
def test_names_of_classes_do_not_matter(seed):
    local = np.random.default_rng(seed)
    proba = local.dirichlet(np.ones(4), size=30)
    for measure in ("margin", "entropy", "confidence"):
        assert ask(proba, 9, measure).tolist() == ask(proba[:, local.permutation(4)], 9, measure).tolist()


def test_ties_are_broken_at_random():
    proba, nothing = np.full((50, 2), 0.5), np.zeros(50, bool)
    picks = {
        uncertainty_query(np.zeros((50, 1)), proba, nothing, 1, np.random.default_rng(seed))[0] for seed in range(30)
    }
    assert len(picks) > 10


def test_errors():
    with pytest.raises(InputError, match="measure 'entropie' is not known; did you mean 'entropy'"):
        ask(np.full((3, 2), 0.5), 1, "entropie")
