"""Named concepts: parity with torch and scikit-learn, planted concepts found and taught, sums that explain, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad
from sklearn.preprocessing import StandardScaler

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.vectors.shape import NamedConcepts, ranking_loss, taught_concepts, top_concepts


def world(seed=0, rows=60, width=8, classes=4):
    rng = np.random.default_rng(seed)
    codes = np.arange(rows) % classes
    return rng.normal(size=(classes, width))[codes] + 0.8 * rng.normal(size=(rows, width)), codes


def fellows(codes):
    return (codes[:, None] == codes[None, :]) & ~np.eye(len(codes), dtype=bool)


def test_parity_coordinates_are_standardised_cosines():
    X, _ = world()
    phrases = np.random.default_rng(1).normal(size=(5, 8))
    cosines = normalize_rows(X) @ normalize_rows(phrases).T
    expected = normalize_rows(StandardScaler().fit_transform(cosines))
    np.testing.assert_allclose(NamedConcepts(phrases).fit_transform(X), expected, atol=1e-10)


def test_parity_with_a_ranking_loss_written_row_by_row():
    X, codes = world(rows=12)
    codes[0] = 9
    A = np.random.default_rng(2).normal(size=(3, 8))
    Z = normalize_rows(X @ A.T)
    told = []
    for i in range(1, 12):
        others = [j for j in range(12) if j != i]
        logits = np.array([10 * Z[i] @ Z[j] for j in others])
        logs = logits - np.logaddexp.reduce(logits)
        told.append(-np.mean([logs[n] for n, j in enumerate(others) if codes[j] == codes[i]]))
    assert ranking_loss(X, fellows(codes), A)[0] == pytest.approx(np.mean(told))


def test_the_slope_is_that_of_the_loss():
    X, codes = world(rows=15)
    same, shape = fellows(codes), (3, 8)
    start = np.random.default_rng(3).normal(size=shape).ravel()
    off = check_grad(
        lambda a: ranking_loss(X, same, a.reshape(shape))[0],
        lambda a: ranking_loss(X, same, a.reshape(shape))[1].ravel(),
        start,
    )
    assert off < 1e-5


def test_known_world_planted_concepts_are_told_of_rows_and_of_matches():
    rng = np.random.default_rng(4)
    phrases = np.linalg.qr(rng.normal(size=(20, 6)))[0].T
    has = rng.random((300, 6)) < 0.3
    X = 3 * has @ phrases + 0.1 * rng.normal(size=(300, 20)) + 1
    Z = NamedConcepts(phrases).fit_transform(X)
    some = np.flatnonzero(has.any(axis=1))
    assert has[some, top_concepts(Z[some], 1)[0][:, 0]].all()
    pairs = [(i, j) for i in range(40) for j in range(40) if (has[i] & has[j]).any() and i != j]
    left, right = np.array(pairs).T
    shared = top_concepts(Z[left] * Z[right], 1)[0][:, 0]
    assert (has[left, shared] == has[right, shared]).all()


def test_known_world_teaching_turns_coordinates_towards_what_tells_classes_apart():
    """Phrases point half at what tells classes apart, half at what does not; classes turn them, and hold limits it."""
    rng = np.random.default_rng(5)
    codes = np.tile([0, 1], 40)
    X = np.column_stack([codes - 0.5, rng.normal(size=80), rng.normal(size=80)])
    phrases = np.array([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 1.0, 1.0]])
    loose, firm, held = (NamedConcepts(phrases, hold=hold).fit(X, codes) for hold in (0.1, 3.0, 1e6))
    untaught = NamedConcepts(phrases).fit(X)

    def cost(model):
        unit = normalize_rows(X) - model.mean_
        return ranking_loss(unit, fellows(codes), model.directions_)[0]

    assert cost(loose) < cost(firm) < cost(untaught)
    assert np.abs(normalize_rows(loose.directions_)[:2, 0]).min() > 0.9
    assert loose.kept_.mean() < firm.kept_.mean() < 1
    np.testing.assert_allclose(held.directions_, untaught.directions_, atol=1e-3)
    np.testing.assert_allclose(untaught.kept_, 1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_a_match_is_the_sum_of_what_its_concepts_add(seed, top):
    X, _ = world(seed, rows=10)
    Z = NamedConcepts(np.random.default_rng(seed).normal(size=(5, 8))).fit_transform(X)
    which, amounts = top_concepts(Z[:5] * Z[5:], top)
    assert which.shape == amounts.shape == (5, top)
    assert (np.diff(amounts, axis=1) <= 0).all()
    whole = top_concepts(Z[:5] * Z[5:], 5)[1]
    np.testing.assert_allclose(whole.sum(axis=1), (Z[:5] * Z[5:]).sum(axis=1))


@given(st.integers(0, 2**32 - 1))
def test_lengths_of_phrases_and_rows_never_matter(seed):
    X, _ = world(seed, rows=10)
    rng = np.random.default_rng(seed)
    phrases = rng.normal(size=(3, 8))
    longer = NamedConcepts(phrases * rng.uniform(0.1, 9, (3, 1))).fit_transform(X * rng.uniform(0.1, 9, (10, 1)))
    np.testing.assert_allclose(longer, NamedConcepts(phrases).fit_transform(X), atol=1e-9)


def test_where_nothing_can_be_ranked_coordinates_stay():
    X, _ = world(rows=5)
    for codes in (np.zeros(5, dtype=int), np.arange(5)):
        np.testing.assert_array_equal(NamedConcepts().fit(X, codes).kept_.round(9), 1)


def test_many_rows_teach_by_a_sample(monkeypatch):
    monkeypatch.setattr("modicum.vectors.shape.named_concepts.MOST", 20)
    X, codes = world()
    first, second, other = (NamedConcepts(random_state=seed).fit(X, codes).directions_ for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, other)


def test_errors_name_what_is_wrong():
    X, codes = world()
    with pytest.raises(InputError, match="concepts are 3 wide where 8 is expected"):
        NamedConcepts(np.ones((2, 3))).fit(X)
    with pytest.raises(InputError, match="there is no concept, or one is all zeros"):
        NamedConcepts(np.zeros((2, 8))).fit(X)
    with pytest.raises(InputError, match="hold must be above 0, not 0"):
        taught_concepts(X, codes, np.eye(8), hold=0)
    with pytest.raises(InputError, match=r"classes of shape \(59,\) for 60 rows; give one per row"):
        NamedConcepts().fit(X, codes[1:])
    with pytest.raises(InputError, match="0 concepts are wanted; ask for at least 1"):
        top_concepts(X, 0)
