"""Corrected paired difference: parity with scikit-learn's published example, error rates, properties, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from modicum.core import InputError
from modicum.evaluation.splits import make_splits
from modicum.evaluation.stats import corrected_difference

seeds = st.integers(0, 2**32 - 1)


def dealt(n, folds, repeats, rng, y=None):
    """Fold (repeats, n) of each row, and the splits by repeat."""
    y = np.zeros(n, dtype=int) if y is None else y
    held, rounds = np.empty((repeats, n), dtype=int), []
    for r in range(repeats):
        rounds.append(make_splits(y, folds=folds, repeats=1, rng=rng))
        for k, split in enumerate(rounds[r]):
            held[r, split.test] = k
    return held, rounds


def test_parity_with_the_published_example():
    """Scikit-learn's "Statistical comparison of models using grid search" prints t = 0.750 and p = 0.227."""
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    first, second = (
        cross_val_score(SVC(kernel=kernel, random_state=0), X, y, scoring="roc_auc", cv=cv)
        for kernel in ("rbf", "linear")
    )
    folds = np.empty((10, 100), dtype=int)
    for number, (_, test) in enumerate(cv.split(X, y)):
        folds[number // 10, test] = number % 10
    first, second = (np.take_along_axis(scores.reshape(10, 10), folds, axis=1) for scores in (first, second))
    found = corrected_difference(first, second, folds)
    statistic = found.difference / found.standard_error
    assert statistic == pytest.approx(0.750, abs=5e-4)
    assert t.sf(statistic, found.freedom) == pytest.approx(0.227, abs=5e-4)


def test_by_hand_two_folds_of_two_rows():
    """Fold means 1 and 0: variance 1/2, times (1/2 + 1); rows 1, 1, 0, 0: variance 1/3 over 4 rows is less."""
    found = corrected_difference(np.array([[1.0, 1, 0, 0]]), np.zeros((1, 4)), np.array([[0, 0, 1, 1]]))
    assert (found.difference, found.freedom, found.rows) == (0.5, 1, 2)
    assert found.standard_error == pytest.approx(np.sqrt(0.5 * 1.5))
    half = np.tan(np.pi * 0.45) * found.standard_error  # quantile 0.95 of the t distribution with one degree
    assert found.interval(0.9) == pytest.approx((0.5 - half, 0.5 + half))


def test_repeats_of_the_same_rows_are_no_new_evidence():
    """Ten equal repeats whose fold means are all 1/4 seem to have no spread; the error stays that of 40 rows."""
    gap = np.tile([1.0, 1, 1, 0, 0, 0, 0, -1], 5)
    folds = np.tile(np.repeat(np.arange(5), 8), (10, 1))
    found = corrected_difference(np.tile(gap, (10, 1)), np.zeros((10, 40)), folds)
    assert found.standard_error == pytest.approx(gap.std(ddof=1) / np.sqrt(40))


def nearest_mean(feature, y, split):
    """Whether the nearest of two class means on one feature is the right one, for the test rows."""
    low, high = (feature[split.train][y[split.train] == k].mean() for k in (0, 1))
    return (np.abs(feature[split.test] - high) < np.abs(feature[split.test] - low)) == y[split.test]


def share_resolved(n, first_gap, second_gap, sims, repeats=3):
    """Share of worlds in which two nearest-mean rules, each on a feature of its own, are told apart."""
    y, resolved = np.arange(n) % 2, 0
    for world in range(sims):
        rng = np.random.default_rng([n, world])
        features = np.where(y, 1, -1) * np.array([[first_gap], [second_gap]]) + rng.normal(size=(2, n))
        folds, rounds = dealt(n, 5, repeats, rng, y)
        right = np.zeros((2, repeats, n))
        for r, splits in enumerate(rounds):
            for split in splits:
                for recipe in (0, 1):
                    right[recipe, r, split.test] = nearest_mean(features[recipe], y, split)
        resolved += corrected_difference(right[0], right[1], folds).resolved()
    return resolved / sims


@pytest.mark.parametrize("n", [8, 24, 60])
def test_known_world_equal_recipes_are_told_apart_at_most_one_time_in_twenty(n):
    """Within three standard errors of the simulation; 4,000 worlds give 0.041, 0.022 and 0.015."""
    assert share_resolved(n, 0.7, 0.7, sims=400) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_known_world_four_rows_tell_nothing():
    """Without the bounds by rows one world in six would be resolved."""
    assert share_resolved(4, 0.7, 0.7, sims=200) == 0


def test_known_world_ten_points_are_found():
    """Gaussian classes at distance 2d: accuracies of 0.85 and 0.75 at d = 1.0364 and 0.6745."""
    assert share_resolved(600, 1.0364, 0.6745, sims=60) >= 0.9


@given(seeds, st.integers(4, 30), st.integers(1, 3))
def test_swapping_the_recipes_turns_the_sign_and_nothing_else(seed, n, repeats):
    rng = np.random.default_rng(seed)
    folds, _ = dealt(n, 4, repeats, rng)
    first, second = rng.random((2, repeats, n))
    one, two = corrected_difference(first, second, folds), corrected_difference(second, first, folds)
    assert one.difference == pytest.approx(-two.difference)
    assert one.standard_error == pytest.approx(two.standard_error)
    assert one.resolved() == two.resolved()


@given(seeds, st.floats(0.1, 100))
def test_the_unit_of_loss_does_not_matter(seed, unit):
    rng = np.random.default_rng(seed)
    folds, _ = dealt(20, 4, 2, rng)
    first, second = rng.random((2, 2, 20))
    one, two = corrected_difference(first, second, folds), corrected_difference(unit * first, unit * second, folds)
    assert np.array(two.interval()) == pytest.approx(unit * np.array(one.interval()))


def test_rows_never_held_out_are_left_out():
    rng = np.random.default_rng(2)
    folds, _ = dealt(20, 4, 2, rng)
    first, second = rng.random((2, 2, 20))
    nothing = np.full((2, 5), np.nan)
    wide = corrected_difference(
        np.hstack([first, nothing]), np.hstack([second, nothing]), np.hstack([folds, np.full((2, 5), -1)])
    )
    assert wide == corrected_difference(first, second, folds)


def test_rows_that_all_agree_decide_only_when_there_are_enough():
    """A sign test gives 2 / 2^n: above 0.05 for 5 rows, below for 6. No row is ever certainty."""
    for n, enough in ((1, False), (2, False), (5, False), (6, True)):
        found = corrected_difference(np.ones((1, n)), np.zeros((1, n)), np.arange(n)[None] % 5)
        assert found.resolved() == enough
        assert found.standard_error == pytest.approx(1 / (n + 1))


def test_equal_results_have_no_error():
    found = corrected_difference(np.ones((1, 8)), np.ones((1, 8)), np.arange(8)[None] % 4)
    assert (found.difference, found.standard_error, found.resolved()) == (0, 0, False)


def test_errors_name_what_is_wrong():
    ones, folds = np.ones((1, 4)), np.arange(4)[None]
    with pytest.raises(InputError, match="no row was held out"):
        corrected_difference(ones, ones, folds - 9)
    with pytest.raises(InputError, match=r"shapes \(1, 4\) and \(1, 4\) for folds of shape \(4,\)"):
        corrected_difference(ones, ones, folds[0])
    with pytest.raises(InputError, match="level must lie strictly between 0 and 1"):
        corrected_difference(ones, ones, folds).interval(95)
