"""Sets under label shift: the weighted quantile by its definition, coverage in a shifted world, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import softmax
from modicum.labels.conformal import shift_conformal, shifted_rule, split_conformal, threshold, weighted_thresholds


def gaussians(rng, codes, classes=3):
    """Exact posteriors under equal shares of spherical classes on the axes."""
    X = rng.normal(size=(len(codes), classes)) + 1.6 * np.eye(classes)[codes]
    return softmax(1.6 * X)


def textbook(scores, codes, weights, k, alpha):
    """Podkopaev and Ramdas 2021, equation 7, written without any function under test: a point mass per score."""
    points = [(s, weights[c]) for s, c in zip(scores, codes, strict=True)] + [(np.inf, weights[k])]
    mass, total = 0.0, sum(w for _, w in points)
    for score, weight in sorted(points):
        mass += weight / total
        if mass >= 1 - alpha - 1e-9:
            return score
    return np.inf


def test_parity_with_the_definition():
    rng = np.random.default_rng(0)
    scores, codes, weights = rng.random(40), rng.integers(0, 3, 40), np.array([0.2, 1.0, 4.0])
    found = weighted_thresholds(scores, codes, weights, 0.2)
    assert found.tolist() == [textbook(scores, codes, weights, k, 0.2) for k in range(3)]


def test_rows_that_are_not_there_leave_every_class_in_every_set():
    assert weighted_thresholds(np.empty(0), np.empty(0, dtype=int), np.ones(2), 0.1).tolist() == [np.inf, np.inf]


def test_a_class_without_a_calibration_row_is_in_every_set():
    held_out = np.tile([0.5, 0.3, 0.2], (40, 1))
    rule = shifted_rule(held_out, np.tile([0, 1], 20), np.array([0.4, 0.4, 0.2]), alpha=0.1)
    assert np.isfinite(rule.thresholds).tolist() == [True, True, False]
    assert rule.calibrated_on == 40


@pytest.mark.parametrize("known", [False, True])
def test_known_world_coverage_is_kept_where_plain_sets_lose_it(known):
    """One hard class in three is the rule in the batch and the exception among the calibration rows."""
    shares, hits = np.array([0.04, 0.9, 0.06]), {"plain": [], "shifted": []}
    for seed in range(15):
        rng = np.random.default_rng(seed)
        codes, truth = rng.choice(3, 1_500, p=[0.6, 0.1, 0.3]), rng.choice(3, 1_500, p=shares)
        held_out, batch = gaussians(rng, codes), gaussians(rng, truth)
        rows = np.arange(len(truth))
        lean = np.array([2.0, 0.2, 1.0]) / 3.2  # the classifier leans as the labelled rows do
        held_out, batch = (p * lean / (p * lean).sum(axis=1, keepdims=True) for p in (held_out, batch))
        found = shift_conformal(held_out, codes, batch, alpha=0.1, train_priors=lean, priors=shares if known else None)
        hits["shifted"].append(found.sets[rows, truth].mean())
        hits["plain"].append(split_conformal(held_out, codes, alpha=0.1).sets(batch)[rows, truth].mean())
    assert np.mean(hits["shifted"]) == pytest.approx(0.9, abs=0.015)
    assert np.mean(hits["plain"]) < 0.8


def test_class_conditional_sets_hold_within_every_class_under_shift():
    rng = np.random.default_rng(3)
    codes, truth = rng.integers(0, 3, 6_000), rng.choice(3, 20_000, p=[0.1, 0.8, 0.1])
    found = shift_conformal(gaussians(rng, codes), codes, gaussians(rng, truth), alpha=0.1, per_class=True)
    hit = found.sets[np.arange(len(truth)), truth]
    np.testing.assert_allclose([hit[truth == k].mean() for k in range(3)], 0.9, atol=0.025)


@given(st.integers(0, 2**32 - 1))
def test_equal_weights_give_the_plain_threshold(seed):
    rng = np.random.default_rng(seed)
    scores = rng.random(30)
    np.testing.assert_array_equal(
        weighted_thresholds(scores, rng.integers(0, 2, 30), np.ones(2), 0.1), threshold(scores, 0.1)
    )


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_the_scale_of_weights_does_not_matter(seed, scale):
    rng = np.random.default_rng(seed)
    scores, codes, weights = rng.random(30), rng.integers(0, 3, 30), rng.random(3)
    np.testing.assert_array_equal(
        weighted_thresholds(scores, codes, weights, 0.13), weighted_thresholds(scores, codes, scale * weights, 0.13)
    )


def test_known_shares_are_taken_as_they_are_and_the_score_as_it_is_named():
    proba, codes = np.array([[0.9, 0.1], [0.2, 0.8]] * 10), np.tile([0, 1], 10)
    found = shift_conformal(proba, codes, proba, alpha=0.1, priors=np.array([0.3, 0.7]))
    assert found.estimate.priors.tolist() == [0.3, 0.7]
    for per_class in (False, True):
        assert shift_conformal(proba, codes, proba, alpha=0.1, score="aps", per_class=per_class).rule.score == "aps"
    assert shift_conformal(proba, codes, proba, alpha=0.1).rule.guarantee.startswith("about 90 %")


def test_estimated_shares_correct_posteriors_half_the_way_that_given_ones_do():
    """Log-odds move by the full change of shares where they are given, by half of it where they are estimated."""
    rng = np.random.default_rng(7)
    codes, truth, lean = rng.integers(0, 3, 600), rng.choice(3, 600, p=[0.1, 0.7, 0.2]), np.full(3, 1 / 3)
    held_out, batch = gaussians(rng, codes), gaussians(rng, truth)

    def odds(**shares):
        found = shift_conformal(held_out, codes, batch, alpha=0.1, train_priors=lean, **shares).estimate
        return np.log(found.proba[:, 1:] / found.proba[:, :1]), found.priors

    estimated, priors = odds()
    given, start = odds(priors=priors)[0], odds(priors=lean)[0]
    assert np.abs(given - start).max() > 1
    np.testing.assert_allclose(estimated - start, 0.5 * (given - start), atol=1e-6)


@pytest.mark.parametrize(("added", "same"), [(0.5, True), (0.0, False), (1.0, False)])
def test_one_row_spread_over_the_classes_is_added_to_the_counts(added, same):
    """One row of the first of two classes and 19 of the second weigh as 1.5 and 19.5, and not as they are."""
    share = np.linspace(0.05, 0.95, 20)
    held_out, codes, priors = np.column_stack([share, 1 - share]), np.array([0] + [1] * 19), np.array([0.1, 0.9])
    counts, own = np.array([1, 19]) + added, 1 - held_out[np.arange(20), codes]
    by_hand = [textbook(own, codes, priors * counts.sum() / counts, k, 0.2) for k in (0, 1)]
    assert (list(shifted_rule(held_out, codes, priors, alpha=0.2).thresholds) == by_hand) is same


def test_promise_tells_whether_shares_were_estimated():
    proba, codes = np.array([[0.9, 0.1], [0.2, 0.8]] * 10), np.tile([0, 1], 10)
    assert "estimated from its unlabelled rows" in shift_conformal(proba, codes, proba, alpha=0.1).rule.guarantee
    known = shift_conformal(proba, codes, proba, alpha=0.1, priors=np.array([0.5, 0.5]))
    told = "of the sets hold the true class on average over a batch like this one: calibrated on 20 held-out rows"
    assert known.rule.guarantee == f"at least 90 % {told}, re-weighted by the batch's class shares, as given."


def test_errors():
    proba, codes = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 1])
    with pytest.raises(InputError, match="alpha must lie strictly between 0 and 1"):
        shift_conformal(proba, codes, proba, alpha=1.5)
    with pytest.raises(InputError, match="alpha must lie strictly between 0 and 1"):
        weighted_thresholds(np.arange(3.0), np.zeros(3, int), np.ones(1), 1.0)
    with pytest.raises(InputError, match="score of prediction sets 'lax' is not known; did you mean 'lac'"):
        shift_conformal(proba, codes, proba, alpha=0.1, score="lax")
    with pytest.raises(InputError, match="train_priors must be 2 numbers above 0"):
        shift_conformal(proba, codes, proba, alpha=0.1, train_priors=np.array([1.0, 0.0]))


def test_the_rule_alone_keeps_its_promise_under_known_shares():
    """Known world: one class is far noisier than the others, and eight times as frequent in the batch."""
    rng, covered, shares = np.random.default_rng(5), [], np.array([0.1, 0.1, 0.8])

    def rows(codes):
        noise = np.array([0.5, 0.5, 2.0])[codes][:, None] * rng.normal(size=(len(codes), 3))
        return softmax(1.6 * (noise + 1.6 * np.eye(3)[codes]))

    for _ in range(30):
        codes, truth = np.repeat([0, 1, 2], 200), rng.choice(3, 500, p=shares)
        rule = shifted_rule(rows(codes), codes, shares, alpha=0.2)
        covered.append(rule.sets(rows(truth))[np.arange(500), truth].mean())
    assert np.mean(covered) == pytest.approx(0.8, abs=0.02)
