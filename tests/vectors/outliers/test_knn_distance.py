"""Nearest rows: parity with scikit-learn, a world of two clouds, properties, the rules all detectors share, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from modicum.core import InputError, nearest
from modicum.core.arrays import normalize_rows
from modicum.vectors.outliers import KNNDistance, Mahalanobis, nearest_similarities


def test_parity_with_scikit_learns_neighbours():
    rng = np.random.default_rng(0)
    X, known = rng.normal(size=(30, 6)), rng.normal(size=(50, 6))
    expected, _ = NearestNeighbors(n_neighbors=4, metric="cosine").fit(known).kneighbors(X)
    np.testing.assert_allclose(nearest_similarities(X, normalize_rows(known), 4), 1 - expected, atol=1e-9)


def test_known_world_a_cloud_apart_from_the_known_ones_is_found():
    rng = np.random.default_rng(1)
    y = np.arange(400) % 2
    X = np.eye(20)[y] + 0.05 * rng.normal(size=(400, 20))
    unseen = np.eye(20)[[2] * 50] + 0.05 * rng.normal(size=(50, 20))
    detector = KNNDistance(false_alarms=0.02).fit(X)
    assert (detector.predict(unseen) == -1).all()
    assert (detector.predict(X) == 1).mean() > 0.96


@pytest.mark.parametrize("make", [KNNDistance, Mahalanobis])
def test_false_alarms_are_at_most_as_set_in_the_mean(make):
    rates = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        X, fresh = rng.normal(size=(100, 3)) + 1, rng.normal(size=(400, 3)) + 1
        rates.append((make(false_alarms=0.1, random_state=seed).fit(X).predict(fresh) == -1).mean())
    assert np.mean(rates) == pytest.approx(2 / 21, abs=0.025)  # 20 rows are held out: the second of 21 ranks


@pytest.mark.parametrize("make", [KNNDistance, Mahalanobis])
def test_outliers_are_those_whose_p_value_is_at_most_the_rate(make):
    rng = np.random.default_rng(2)
    X, fresh = rng.normal(size=(90, 3)) + 1, 3 * rng.normal(size=(200, 3))
    detector = make(false_alarms=0.2).fit(X)
    assert np.array_equal(detector.predict(fresh) == -1, detector.p_values(fresh) <= 0.2)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_similarities_fall_and_lengths_do_not_count(seed, count):
    rng = np.random.default_rng(seed)
    X, known = rng.normal(size=(8, 4)), normalize_rows(rng.normal(size=(9, 4)))
    found = nearest_similarities(X, known, count)
    assert (np.diff(found, axis=1) <= 0).all()
    np.testing.assert_allclose(found, nearest_similarities(7 * X, known, count), atol=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_more_known_rows_make_no_row_less_typical(seed):
    rng = np.random.default_rng(seed)
    X, known = rng.normal(size=(8, 4)), normalize_rows(rng.normal(size=(9, 4)))
    fewer, more = (nearest_similarities(X, known[:n], 1) for n in (5, 9))
    assert (more >= fewer - 1e-12).all()


def test_chunks_give_the_same_and_the_last_neighbour_is_a_setting(monkeypatch):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 5))
    known = normalize_rows(X)
    whole = nearest_similarities(X, known, 3)
    last = KNNDistance(3, by="last").fit(X)
    assert last.score_samples(X[:2]) == pytest.approx(nearest_similarities(X[:2], last.vectors_, 3)[:, -1])
    monkeypatch.setattr(nearest, "BLOCK", 8)
    monkeypatch.setattr(nearest, "QUERIES", 4)
    np.testing.assert_allclose(nearest_similarities(X, known, 3), whole)


def test_rows_of_zeros_have_no_neighbour():
    X = np.random.default_rng(4).normal(size=(30, 3)) + 5
    X[:4] = 0
    detector = KNNDistance().fit(X)
    assert detector.vectors_.any(axis=1).all()
    assert detector.score_samples(np.zeros((1, 3))).tolist() == [0.0]


def test_too_few_rows_for_the_rate_call_nothing_an_outlier():
    detector = KNNDistance(false_alarms=0.01).fit(np.random.default_rng(5).normal(size=(30, 3)))
    assert detector.offset_ == -np.inf
    assert (detector.predict(-1e3 * np.ones((2, 3))) == 1).all()


def test_errors_name_what_is_wrong():
    X = np.random.default_rng(6).normal(size=(8, 3))
    with pytest.raises(InputError, match="7 neighbours are asked for among 6 rows; ask for 1 to 6"):
        KNNDistance(7).fit(X)
    with pytest.raises(InputError, match="way to tell typical rows 'first' is not known"):
        KNNDistance(by="first").fit(X)
    with pytest.raises(InputError, match="1 sample is too few: two rows to learn from and one to hold out"):
        KNNDistance().fit(X[:1])
    with pytest.raises(InputError, match="all rows are equal, so nothing tells how typical rows differ"):
        KNNDistance().fit(np.ones((8, 3)))
    with pytest.raises(InputError, match=r"false_alarms must lie strictly between 0 and 1, not 1\.5"):
        KNNDistance(false_alarms=1.5).fit(X)
    with pytest.raises(InputError, match="held_out must lie strictly between 0 and 1, not 0"):
        KNNDistance(held_out=0).fit(X)
    with pytest.raises(ValueError, match="NaN"):
        KNNDistance().fit(np.where(X > 1, np.nan, X))
