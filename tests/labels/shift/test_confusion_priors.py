"""Shares by inverted confusions: QuaPy's answer, an exact inversion, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import one_hot
from modicum.labels.shift import confusion_priors
from tests.labels.references import world


@pytest.mark.parametrize(
    ("soft", "quapy"),
    [(False, [0.16335, 0.15104, 0.10106, 0.58456]), (True, [0.23266, 0.20652, 0.13384, 0.42698])],
)
def test_parity_with_quapy(soft, quapy):
    """QuaPy 0.2.3: ACC and PACC(solver='minimize'), held-out = first 200 rows of `sharp`, shares of the rest.

    Least squares there and maximum likelihood here agree where the equations have a solution on the simplex.
    """
    _, codes, sharp, _ = world()
    found = confusion_priors(sharp[200:], sharp[:200], codes[:200], soft=soft)
    np.testing.assert_allclose(found.priors, quapy, atol=2e-3)


def test_known_world_confusions_are_inverted_exactly():
    """A decision is right in 8 of 10 rows; 44 % of decisions for class 1 mean 40 % rows of class 1."""
    held_out = one_hot([0] * 8 + [1] * 2 + [1] * 8 + [0] * 2, 2)
    codes = np.repeat([0, 1], 10)
    proba = one_hot([0] * 56 + [1] * 44, 2)
    assert confusion_priors(proba, held_out, codes, soft=False).priors[1] == pytest.approx(0.4, abs=1e-3)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_shares_and_posteriors_stay_probabilities(seed, soft):
    rng = np.random.default_rng(seed)
    proba, held_out = rng.dirichlet(np.ones(4), size=30), rng.dirichlet(np.ones(4), size=20)
    found = confusion_priors(proba, held_out, rng.integers(0, 4, 20), soft=soft)
    assert found.priors.sum() == pytest.approx(1)
    assert (found.priors >= 0).all()
    np.testing.assert_allclose(found.proba.sum(axis=1), 1)


@given(st.integers(0, 2**32 - 1))
def test_the_held_out_rows_themselves_have_their_own_shares(seed):
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(3), rng.integers(0, 3, 27)])
    proba = 0.5 * one_hot(codes, 3) + 0.5 * rng.dirichlet(np.ones(3), size=30)
    found = confusion_priors(proba, proba, codes)
    np.testing.assert_allclose(found.priors, np.bincount(codes, minlength=3) / 30, atol=1e-2)


def test_a_class_without_held_out_rows_is_never_confused():
    found = confusion_priors(np.eye(3), np.eye(3)[[0, 1]], np.array([0, 1]))
    np.testing.assert_allclose(found.priors, 1 / 3, atol=1e-6)


def test_errors():
    with pytest.raises(InputError, match=r"held-out probabilities: row 0 sums to 1\.5"):
        confusion_priors(np.eye(2), np.array([[1.0, 0.5]]), np.array([0]))
    with pytest.raises(InputError, match="2 class codes for 1 rows"):
        confusion_priors(np.eye(2), np.array([[1.0, 0.0]]), np.array([0, 1]))
    with pytest.raises(InputError, match="class shares need at least one unlabelled row"):
        confusion_priors(np.empty((0, 2)), np.eye(2), np.array([0, 1]))
