"""Dawid-Skene: crowd-kit's fixed point, a world whose truth is known, properties, wording of errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.noisy import dawid_skene

SKILL = (0.9, 0.8, 0.7, 0.55, 0.4)


def votes_of(items=60, classes=3, seed=7, skill=SKILL, share=0.8):
    """Votes of annotators who are right with known probabilities and else take another class at random."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, items)
    votes = np.full((items, len(skill)), -1)
    for who, rate in enumerate(skill):
        seen = rng.random(items) < share
        right = rng.random(items) < rate
        other = (truth + rng.integers(1, classes, items)) % classes
        votes[:, who] = np.where(seen, np.where(right, truth, other), -1)
    return votes, truth


def test_parity_with_crowd_kit():
    """crowd-kit 1.4.2: DawidSkene(n_iter=2000, tol=-1).fit(votes), its fixed point; errors_ of worker 0, transposed."""
    votes, _ = votes_of()
    found = dawid_skene(votes, 3, max_iter=2000, tol=0)
    expected = [[0.692797, 0, 0.307203], [0, 1, 0], [0, 0.565325, 0.434675], [0, 0.146077, 0.853923]]
    np.testing.assert_allclose(found.proba[:4], expected, atol=2e-5)
    np.testing.assert_allclose(found.proba.sum(axis=0), [18.96671, 24.71945, 16.31384], atol=2e-4)
    np.testing.assert_allclose(found.priors, [0.316112, 0.411991, 0.271897], atol=2e-5)
    errors = [[0.901219, 0.250095, 0.238074], [0, 0.134896, 0.761926], [0.098781, 0.61501, 0]]
    np.testing.assert_allclose(np.sort(found.confusion[0], axis=None), np.sort(errors, axis=None), atol=2e-5)


@pytest.mark.parametrize("model", ["confusion", "reliability"])
def test_known_world_truth_and_reliability_are_found(model):
    votes, truth = votes_of(items=3000, classes=4, seed=1)
    found = dawid_skene(votes, 4, model=model)
    majority = np.stack([(votes == k).sum(axis=1) for k in range(4)], axis=1).argmax(axis=1)
    assert (found.proba.argmax(axis=1) == truth).mean() > (majority == truth).mean() + 0.01
    np.testing.assert_allclose(found.reliability, SKILL, atol=0.04)


def test_known_shares_are_kept_and_two_annotators_stay_even():
    votes = np.array([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0], [-1, -1]])
    found = dawid_skene(votes, 2, model="reliability", smoothing=2, priors=[0.5, 0.5])
    np.testing.assert_allclose(found.priors, 0.5)
    np.testing.assert_allclose(found.proba[[2, 3, 5]], 0.5)
    assert found.proba[0, 0] == pytest.approx(found.proba[1, 1])
    free = dawid_skene(votes, 2, model="reliability", smoothing=2)
    same = dawid_skene(votes, 2, model="reliability", smoothing=2, priors=free.priors, tol=0)
    np.testing.assert_allclose(same.proba, free.proba, atol=1e-3)
    for priors, words in (([1.0], "priors of shape"), ([0.5, 0.6], "sums to 1.1")):
        with pytest.raises(InputError, match=words):
            dawid_skene(votes, 2, priors=priors)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["confusion", "reliability"]))
def test_probabilities_and_order_of_annotators(seed, model):
    votes, _ = votes_of(items=30, seed=seed)
    votes[0] = [0, -1, -1, -1, -1]
    order = np.random.default_rng(seed).permutation(votes.shape[1])
    found, other = (dawid_skene(v, 3, model=model, max_iter=20) for v in (votes, votes[:, order]))
    np.testing.assert_allclose(found.proba.sum(axis=1), 1)
    np.testing.assert_allclose(found.proba, other.proba, atol=1e-9)
    np.testing.assert_allclose(found.reliability[order], other.reliability, atol=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_where_all_agree_they_are_believed(seed):
    truth = np.random.default_rng(seed).integers(0, 3, 20)
    truth[:3] = [0, 1, 2]
    found = dawid_skene(np.stack([truth] * 3, axis=1), 3, model="reliability", smoothing=1)
    assert np.array_equal(found.proba.argmax(axis=1), truth)
    assert (found.reliability > 0.99).all()


def test_nobody_asked_and_nobody_answering():
    votes = np.array([[0, 0, -1], [1, 1, -1], [-1, -1, -1]])
    found = dawid_skene(votes, 2, model="reliability")
    np.testing.assert_allclose(found.proba[2], found.priors)
    np.testing.assert_allclose(found.priors, [0.5, 0.5])
    for model in ("reliability", "confusion"):
        for smoothing in (0.0, 2.0):
            found = dawid_skene(votes, 2, model=model, smoothing=smoothing)
            assert np.isnan(found.reliability).tolist() == [False, False, True]


def test_errors():
    with pytest.raises(InputError, match="votes must be integer codes"):
        dawid_skene(np.array([0, 1]), 2)
    with pytest.raises(InputError, match=r"votes must lie in -1\.\.1; found 0\.\.2"):
        dawid_skene(np.array([[0, 2]]), 2)
    with pytest.raises(InputError, match="at least two classes, not 1"):
        dawid_skene(np.array([[0]]), 1)
    with pytest.raises(InputError, match="there is no vote at all"):
        dawid_skene(np.array([[-1]]), 2)
    with pytest.raises(InputError, match="smoothing must be at least 0"):
        dawid_skene(np.array([[0]]), 2, smoothing=-1)
    with pytest.raises(InputError, match="max_iter at least 1, not 0 and 0"):
        dawid_skene(np.array([[0]]), 2, smoothing=0, max_iter=0)
    with pytest.raises(InputError, match="model of annotators 'confusio' is not known; did you mean 'confusion'"):
        dawid_skene(np.array([[0]]), 2, model="confusio")


def test_parity_of_one_rate_with_crowd_kit():
    """crowd-kit 1.4.2: OneCoinDawidSkene(n_iter=300, tol=-1).fit(votes), its fixed point."""
    votes, _ = votes_of()
    found = dawid_skene(votes, 3, model="reliability", max_iter=2000, tol=0)
    np.testing.assert_allclose(found.proba[0], [0.34187, 0.122542, 0.535588], atol=2e-5)
    np.testing.assert_allclose(found.proba.sum(axis=0), [18.40232, 19.34646, 22.25121], atol=2e-4)
    np.testing.assert_allclose(found.reliability, [0.794852, 0.903798, 0.728998, 0.478398, 0.310237], atol=2e-5)
