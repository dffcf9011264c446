"""Probability metrics: parity with torchmetrics and scikit-learn, cases by hand, and a world that is calibrated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as reference_log_loss

from modicum.core import InputError
from modicum.core.arrays import softmax
from modicum.evaluation.metrics import brier, expected_calibration_error, log_loss, reliability_curve

seeds = st.integers(0, 2**32 - 1)


def waves():
    """200 rows of 4 classes without chance: every third answer is drawn by a rule that ignores the probabilities."""
    row = np.arange(200)
    proba = softmax(2 * np.sin((row[:, None] + 1) * (np.arange(4) + 1) * 0.37))
    return proba, np.where(row % 3, proba.argmax(axis=1), row * 7 % 4)


def random_world(seed, rows=60, classes=4):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(classes), rows), rng.integers(0, classes, rows)


@pytest.mark.parametrize(("bins", "frozen"), [(10, 0.2038658), (15, 0.2041384)])
def test_calibration_error_parity_with_torchmetrics(bins, frozen):
    """Numbers of torchmetrics 1.9.0: multiclass_calibration_error(proba, codes, num_classes=4, n_bins=bins)."""
    assert expected_calibration_error(*waves(), bins) == pytest.approx(frozen, abs=1e-6)


def test_calibration_error_by_hand():
    """Width 1/2: 0.4 lies alone and wrong; 0.6, 0.9 and 0.9 have mean 0.8 and are right twice. Mass: pairs."""
    proba = np.array([[0.4, 0.3, 0.3], [0.6, 0.2, 0.2], [0.9, 0.1, 0.0], [0.9, 0.0, 0.1]])
    codes = np.array([1, 0, 0, 2])
    assert expected_calibration_error(proba, codes, 2) == pytest.approx(0.25 * 0.4 + 0.75 * abs(0.8 - 2 / 3))
    assert expected_calibration_error(proba, codes, 2, binning="mass") == pytest.approx(0.5 * 0.0 + 0.5 * 0.4)
    assert expected_calibration_error(proba, codes) == expected_calibration_error(proba, codes, 15, binning="width")


def test_a_confidence_on_an_edge_falls_below_it():
    """0.28 is the edge 7/25, and 0.28 * 25 is more than 7 in floating point."""
    proba = np.full((1, 4), 0.24)
    proba[0, 0] = 0.28
    assert reliability_curve(proba, np.array([0]), bins=25).count[6] == 1


def test_known_world_calibrated_and_overconfident():
    """Classes drawn from the stated probabilities are calibrated; claiming 0.95 and being right at 0.75 costs 0.2."""
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(3), 100_000)
    codes = (proba.cumsum(axis=1) < rng.random((len(proba), 1))).sum(axis=1)
    for binning in ("width", "mass"):
        assert expected_calibration_error(proba, codes, binning=binning) < 0.01
    claimed = np.tile([0.95, 0.05], (100_000, 1))
    codes = (rng.random(len(claimed)) > 0.75).astype(int)
    assert expected_calibration_error(claimed, codes) == pytest.approx(0.2, abs=0.01)


def test_log_loss_and_brier_parity_with_scikit_learn():
    """`scale_by_half=False` is the sum over classes."""
    proba, codes = random_world(1)
    codes = np.minimum(codes, 2)
    assert log_loss(proba, codes) == pytest.approx(reference_log_loss(codes, proba, labels=range(4)))
    assert brier(proba, codes) == pytest.approx(
        brier_score_loss(codes, proba, labels=[0, 1, 2, 3], scale_by_half=False)
    )


def test_extremes():
    sure, wrong = np.eye(2), np.eye(2)[::-1]
    codes = np.array([0, 1])
    assert (log_loss(sure, codes), brier(sure, codes), expected_calibration_error(sure, codes)) == (0, 0, 0)
    assert (brier(wrong, codes), expected_calibration_error(wrong, codes)) == (2, 1)
    assert log_loss(wrong, codes) == pytest.approx(-np.log(1e-12))
    assert log_loss(wrong, codes, floor=1e-3) == pytest.approx(-np.log(1e-3))


@given(seeds, st.sampled_from(["width", "mass"]), st.integers(1, 20))
def test_the_order_of_rows_does_not_matter(seed, binning, bins):
    proba, codes = random_world(seed)
    proba = proba.round(1) / proba.round(1).sum(axis=1, keepdims=True)
    order = np.random.default_rng(seed).permutation(len(codes))
    one = reliability_curve(proba, codes, bins, binning=binning)
    two = reliability_curve(proba[order], codes[order], bins, binning=binning)
    assert np.array_equal(one.count, two.count)
    np.testing.assert_allclose(one.confidence, two.confidence)
    assert one.count.sum() == len(codes)


@given(seeds, st.integers(1, 20))
def test_bins_of_equal_mass_differ_by_one_row(seed, bins):
    proba, codes = random_world(seed)
    assert np.ptp(reliability_curve(proba, codes, bins, binning="mass").count) <= 1


@given(seeds, st.integers(1, 20))
def test_the_error_is_at_least_the_gap_of_the_means(seed, bins):
    proba, codes = random_world(seed)
    gap = abs(proba.max(axis=1).mean() - (proba.argmax(axis=1) == codes).mean())
    assert gap - 1e-12 <= expected_calibration_error(proba, codes, bins) <= 1


def test_errors_name_what_is_wrong():
    proba, codes = random_world(0)
    with pytest.raises(InputError, match="binning 'mas' is not known; did you mean 'mass'"):
        expected_calibration_error(proba, codes, binning="mas")
    with pytest.raises(InputError, match="bins must be at least 1, not 0"):
        reliability_curve(proba, codes, 0)
    with pytest.raises(InputError, match="59 class codes for 60 rows"):
        brier(proba, codes[1:])
    with pytest.raises(InputError, match="there is no row to measure on"):
        log_loss(proba[:0], codes[:0])
