"""ConR: the authors' values and slopes, finite differences, worlds with a few rare numbers, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.labels.partial import ConR, conr, contrastive_regularizer, rarity
from modicum.labels.partial.conr import Problem


def batch(seed=7, count=12):
    """Features, numbers of which each has a twin, predictions and weights."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(count, 4))
    y = np.repeat([20.0, 22.0, 27.0, 28.0, 35.0, 36.0], count // 6)[rng.permutation(count)]
    return Z, y, y + 4 * rng.normal(size=count), rng.uniform(0.5, 2, count)


@pytest.mark.parametrize(
    ("settings", "weighted", "value", "slope", "first"),
    [
        ({"window": 3.0}, False, 2.7659030195670273, 2.3141310024769903, -0.021832580842076718),
        ({"window": 3.0}, True, 5.076396538248575, 4.231858741365782, 0.08287547075555356),
        (
            {"window": 2.0, "temperature": 0.2, "push": 0.2},
            True,
            1.926444990256119,
            0.7724041808980197,
            0.07240107008623295,
        ),
    ],
)
def test_parity_with_the_authors(settings, weighted, value, slope, first):
    """`ConR` in the README of github.com/BorealisAI/ConR (commit ad6a8c9), run in float64; slopes by autograd."""
    Z, y, predicted, weight = batch()
    found, turn = contrastive_regularizer(Z, y, predicted, weight=weight if weighted else None, **settings)
    assert found == pytest.approx(value, rel=1e-10)
    assert np.linalg.norm(turn) == pytest.approx(slope, rel=1e-10)
    assert turn[0, 0] == pytest.approx(first, rel=1e-10)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_the_slope_is_that_of_finite_differences(seed):
    rng = np.random.default_rng(seed)
    X, target = rng.normal(size=(24, 3)), rng.normal(size=24)
    problem = Problem(X, target, rarity(target, 0.5), rng.normal(size=(4, 3)), 0.7, beta=1.3, window=0.5, push=0.3)
    seen, parts = target + 0.3 * rng.normal(size=24), [np.arange(15), np.arange(15, 24)]
    at = rng.normal(size=4 * 3 + 4 + 1)
    off = check_grad(lambda f: problem.loss(f, seen, parts)[0], lambda f: problem.loss(f, seen, parts)[1], at)
    assert off < 1e-4 * max(1.0, np.linalg.norm(problem.loss(at, seen, parts)[1]))


def test_known_world_without_the_regularizer_numbers_of_a_hinge_are_found():
    """The target is a hinge at the centre of the rows, which the map can become exactly."""
    half = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    X = np.concatenate([half, -half])
    y = np.maximum(X[:, 0], 0) * 5 + 1
    found = ConR(width=4, beta=0, penalty=1e-3, balance=0).fit(X, y)
    assert np.abs(found.predict(X) - y).max() < 0.05


def test_known_world_rare_numbers_on_an_arc_are_told_from_frequent_ones():
    """Numbers are angles, the larger the rarer; the regulariser turns the features of far numbers apart."""
    rng = np.random.default_rng(1)

    def draw(counts):
        y = np.repeat(np.arange(5.0), counts) + 0.1 * rng.normal(size=sum(counts))
        X = 0.5 * rng.normal(size=(len(y), 12))
        X[:, :2] += 1.5 * np.stack([np.cos(y * np.pi / 8), np.sin(y * np.pi / 8)], axis=1)
        return X, y

    (X, y), (X_new, y_new) = draw([80, 40, 15, 6, 3]), draw([100] * 5)
    heads = [ConR(width=16, beta=beta).fit(X, y) for beta in (0.0, 1.0)]
    error = [np.abs(head.predict(X_new) - y_new) for head in heads]
    assert error[1][y_new > 2.5].mean() < 0.85 * error[0][y_new > 2.5].mean()
    assert error[1].mean() < 0.9 * error[0].mean()
    features = [normalize_rows(np.maximum((X_new - head.centre_) @ head.map_.T, 0)) for head in heads]
    across = [float((Z[y_new < 0.5] @ Z[y_new > 3.5].T).mean()) for Z in features]
    assert across[1] < 0.8 * across[0]


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_only_directions_count(seed, scale):
    Z, y, predicted, _ = batch(seed % 1000)
    first, second = (contrastive_regularizer(s * Z, y, predicted, window=3.0) for s in (1.0, scale))
    assert first[0] == pytest.approx(second[0])
    np.testing.assert_allclose(first[1], scale * second[1], atol=1e-9)
    np.testing.assert_allclose((first[1] * Z).sum(axis=1), 0, atol=1e-9)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.floats(0.01, 10))
def test_rarity_is_of_mean_one_and_highest_where_rows_are_fewest(values, window):
    y = np.array(values)
    weight = rarity(y, window)
    assert weight.mean() == pytest.approx(1)
    near = (y <= (y + window)[:, None]) & (y >= (y - window)[:, None])
    assert near.sum(axis=1)[weight.argmax()] == near.sum(axis=1).min()
    assert np.array_equal(rarity(y, window, power=0.0), np.ones(len(y)))


def test_rows_without_a_like_or_a_wrong_one_say_nothing():
    Z, far = np.eye(3), np.array([0.0, 5.0, 10.0])
    for y, predicted in ((far, np.zeros(3)), (np.zeros(3), np.zeros(3)), (far, far)):
        value, slope = contrastive_regularizer(Z, y, predicted)
        assert value == 0
        assert not slope.any()


def test_batches_and_seed(monkeypatch):
    """More rows than one batch takes: the draw of batches changes the rule a little, and the seed repeats it."""
    monkeypatch.setattr(conr, "BATCH", 20)
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 3))
    y = X[:, 0] + 0.2 * rng.normal(size=60)
    first, again, other = (ConR(width=4, rounds=1, random_state=s).fit(X, y).predict(X) for s in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.corrcoef(first, other)[0, 1] > 0.9


def test_equal_numbers_and_single_rows():
    X = np.eye(3)
    np.testing.assert_allclose(ConR().fit(X, [2.0, 2.0, 2.0]).predict(X), 2.0)
    np.testing.assert_allclose(ConR().fit(X[:1], [2.0]).predict(X[:1]), 2.0)


def test_errors_name_what_is_wrong():
    X, y = np.eye(3), np.arange(3.0)
    with pytest.raises(InputError, match="width must be at least 2 and rounds at least 1; they are 1 and 3"):
        ConR(width=1).fit(X, y)
    with pytest.raises(InputError, match="window and penalty must be above 0; they are 0 and 1"):
        ConR(window=0).fit(X, y)
    with pytest.raises(ValueError, match="NaN"):
        ConR().fit(X, [0.0, np.nan, 1.0])
