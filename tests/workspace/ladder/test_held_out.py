"""Out-of-fold answers of what is shipped: gathered, calibrated, and figured by other folds' rows."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core.arrays import softmax
from modicum.labels.calibration import fit_temperature
from modicum.workspace.ladder.choice import Candidate
from modicum.workspace.ladder.climb import Climb
from modicum.workspace.ladder.held_out import HeldOut, cross_fitted, held_out


def candidate(log_proba):
    return Candidate("one", (), np.ones(1), np.ones(1), log_proba)


def too_sure(rng, n=4_000, power=3.0):
    """Log-probabilities (n, 3) that are the true ones times a power, and classes drawn from the true ones."""
    logs = np.log(rng.dirichlet(np.ones(3), size=n))
    codes = (np.exp(logs).cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return np.log(softmax(power * logs)), codes


def test_rows_that_a_repeat_never_held_out_are_left_out_and_repeats_are_meant():
    """Two repeats of four rows: the second row was held out once only, the third had no other of its class once."""
    folds = np.array([[0, 1, 0, 1], [0, -1, 1, 1]])
    seen = np.array([[True, True, True, True], [True, False, False, True]])
    proba = np.array([[0.8, 0.5, 0.4, 0.2], [0.2, np.nan, 0.4, 0.8]])
    logs = np.log(np.stack([proba, 1 - proba], axis=2))
    found = held_out(candidate(logs), Climb((), 2, seen, folds), np.array([0, 0, 1, 1]))
    assert found.rows.tolist() == [0, 2, 3]
    assert found.codes.tolist() == [0, 1, 1]
    assert found.represented.tolist() == [True, False, True]
    # The mean of log 0.8 and log 0.2 is that of log 0.2 and log 0.8: neither class leads.
    np.testing.assert_allclose(found.before, [[0.5, 0.5], [0.4, 0.6], [0.5, 0.5]])


def test_known_world_the_temperature_undoes_a_power():
    logs, codes = too_sure(np.random.default_rng(0))
    folds = (np.arange(len(codes)) % 5)[None]
    found = held_out(candidate(logs[None]), Climb((), 1, np.ones_like(folds, dtype=bool), folds), codes)
    assert found.temperature == pytest.approx(3.0, rel=0.1)
    np.testing.assert_allclose(found.after, softmax(logs / found.temperature), atol=1e-9)
    assert found.after.max(axis=1).mean() == pytest.approx((logs.argmax(axis=1) == codes).mean(), abs=0.02)


def test_a_probability_of_nothing_does_not_break_the_logarithm():
    found = HeldOut(np.array([0]), np.array([0]), np.array([[1.0, 0.0]]), 2.0, np.array([True]))
    np.testing.assert_allclose(found.after, [[1.0, 0.0]], atol=1e-100)
    np.testing.assert_allclose(cross_fitted(found, np.array([0])), [[1.0, 0.0]], atol=1e-100)


def test_each_fold_has_the_temperature_of_the_others():
    """One half is too sure, the other too unsure: each is changed by what the other half needs, not by its own."""
    rng = np.random.default_rng(1)
    (sharp, first), (flat, second) = too_sure(rng, 500), too_sure(rng, 500, power=0.5)
    before, codes = np.exp(np.concatenate([sharp, flat])), np.concatenate([first, second])
    found = HeldOut(np.arange(1_000), codes, before, 1.0, np.ones(1_000, dtype=bool))
    folds = np.repeat([4, 7], 500)
    out = cross_fitted(found, folds)
    np.testing.assert_allclose(out[:500], softmax(sharp / fit_temperature(flat, second)))
    np.testing.assert_allclose(out[500:], softmax(flat / fit_temperature(sharp, first)))


def test_a_single_fold_is_its_own_judge():
    logs, codes = too_sure(np.random.default_rng(2), 300)
    found = HeldOut(np.arange(300), codes, np.exp(logs), 1.0, np.ones(300, dtype=bool))
    np.testing.assert_allclose(
        cross_fitted(found, np.zeros(300, dtype=int)), softmax(logs / fit_temperature(logs, codes))
    )
