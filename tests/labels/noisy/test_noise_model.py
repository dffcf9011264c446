"""How labels go wrong: worlds whose mistakes are known, even and from class to class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.labels.noisy.noise_model import calibrated, fit_noise


def world(matrix, rows=6000, seed=0, sharp=1.0):
    """Calibrated log-probabilities (times `sharp`), truth drawn from them, and labels written as the matrix says."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(len(matrix), 0.15), size=rows)
    truth = (rng.random(rows)[:, None] > proba.cumsum(axis=1)).sum(axis=1).clip(max=len(matrix) - 1)
    given_labels = (rng.random(rows)[:, None] > matrix[truth].cumsum(axis=1)).sum(axis=1).clip(max=len(matrix) - 1)
    return sharp * np.log(np.maximum(proba, 1e-9)), truth, given_labels


EVEN = 0.9 * np.eye(4) + 0.1 / 3 * (1 - np.eye(4))
ONE_WAY = np.array([[0.8, 0.2, 0, 0], [0, 1.0, 0, 0], [0, 0, 0.85, 0.15], [0, 0, 0, 1.0]])


def test_known_world_mistakes_from_class_to_class_are_learnt():
    logs, truth, codes = world(ONE_WAY)
    found = fit_noise(logs, codes, rng=np.random.default_rng(0))
    assert found.structured
    np.testing.assert_allclose(found.matrix, ONE_WAY, atol=0.04)
    doubt = 1 - found.posterior[np.arange(len(codes)), codes]
    assert doubt.sum() == pytest.approx((truth != codes).sum(), rel=0.25), "doubt counts the wrong labels"


def test_known_world_even_mistakes_are_taken_for_even():
    logs, _, codes = world(EVEN)
    found = fit_noise(logs, codes, rng=np.random.default_rng(0))
    assert not found.structured
    np.testing.assert_allclose(found.matrix, EVEN, atol=0.02)


def test_scores_that_are_too_sure_are_brought_to_one_scale():
    logs, _, codes = world(EVEN)
    sure, _, _ = world(EVEN, sharp=3.0)
    np.testing.assert_allclose(calibrated(sure, codes), calibrated(logs, codes), atol=0.05)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_posterior_and_matrix_are_probabilities(seed):
    rng = np.random.default_rng(seed)
    found = fit_noise(rng.normal(size=(30, 3)), rng.integers(0, 3, 30), rng=rng)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1)
    np.testing.assert_allclose(found.matrix.sum(axis=1), 1)


def test_one_row_is_no_reason_to_fail():
    assert fit_noise(np.zeros((1, 2)), np.array([1]), rng=np.random.default_rng(0)).posterior.shape == (1, 2)
