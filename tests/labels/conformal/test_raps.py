"""RAPS: scores of the authors' code, shorter sets in a world with a noisy tail, the promise kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.conformal import ConformalRule, aps_scores, raps_scores, split_conformal, tune_raps


def draw(proba, rng):
    return (proba.cumsum(axis=1) > rng.random((len(proba), 1))).argmax(axis=1)


def ten_classes():
    rng = np.random.default_rng(7)
    proba = rng.dirichlet(np.full(10, 0.6), size=300)
    return proba, draw(proba, rng)


@pytest.mark.parametrize(
    ("penalty", "rank", "first", "total"),
    [
        (0.1, 2, [1.587755, 0.957512, 0.73899, 0.32685, 0.310706, 0.521995, 1.146786, 0.845781], 232.467589),
        (0.01, 5, [1.017755, 0.857512, 0.63899, 0.32685, 0.310706, 0.521995, 0.846786, 0.745781], 191.967589),
    ],
)
def test_parity_with_the_authors_code(penalty, rank, first, total):
    """`get_tau` of github.com/aangelopoulos/conformal_classification (commit 881eba9), its random number held at 1."""
    proba, codes = ten_classes()
    own = raps_scores(proba, penalty=penalty, rank=rank)[np.arange(300), codes]
    np.testing.assert_allclose(own[: len(first)], first, atol=1e-6)
    assert own.sum() == pytest.approx(total, abs=1e-4)


def noisy_tail(rng, n, classes, head, trust):
    """Some classes hold 93 % of the probability, and what is told of the others is noise."""
    inside = rng.dirichlet(np.full(head, 2.0), size=n)
    tail = rng.dirichlet(np.full(classes - head, 0.3), size=n)
    outside = np.full((n, classes - head), 0.07 / (classes - head))
    truth = draw(np.concatenate([0.93 * inside, outside], axis=1), rng)
    share = rng.uniform(*trust, size=(n, 1))
    return np.concatenate([share * inside, (1 - share) * tail], axis=1), truth


@pytest.mark.parametrize(
    ("seed", "world", "alpha", "penalty", "rank"),
    [
        (0, (100, 3, (0.7, 0.9)), 0.1, 0.2, 3),
        (0, (100, 3, (0.7, 0.9)), 0.05, 0.1, 23),
        (0, (30, 6, (0.6, 0.95)), 0.1, 0.1, 7),
        (1, (30, 6, (0.6, 0.95)), 0.1, 0.01, 8),
        (0, (20, 8, (0.5, 0.99)), 0.1, 0.001, 9),
        (0, (20, 8, (0.5, 0.99)), 0.2, 0.5, 6),
    ],
)
def test_parity_of_tuned_settings_with_the_authors_code(seed, world, alpha, penalty, rank):
    """pick_kreg, and pick_lamda_size over giq and gcq with randomized=False, of their code on the same 499 rows.

    Their sets without random numbers hold one class more than ours, all of them, so that the smallest are the same.
    """
    proba, truth = noisy_tail(np.random.default_rng(seed), 499, *world)
    assert tune_raps(proba, truth, alpha=alpha) == (penalty, rank)


def test_tuned_rules_keep_the_promise_with_smaller_sets_and_are_stored():
    rng = np.random.default_rng(3)
    covered, sizes = [], []
    for _ in range(10):
        told, truth = noisy_tail(rng, 3_000, 60, 3, (0.7, 0.9))
        rule = split_conformal(told[:1_000], truth[:1_000], alpha=0.1, score="raps", rng=rng)
        sets = rule.sets(told[1_000:])
        covered.append(sets[np.arange(2_000), truth[1_000:]].mean())
        plain = raps_scores(told) <= np.quantile(raps_scores(told)[np.arange(3_000), truth], 0.9)
        sizes.append((sets.sum(axis=1).mean(), plain.sum(axis=1).mean()))
    assert np.mean(covered) == pytest.approx(0.9, abs=0.01)
    tuned, default = np.mean(sizes, axis=0)
    assert tuned < default - 1
    assert rule.calibrated_on == 800
    assert "200 others tuned the penalty" in rule.guarantee
    again = ConformalRule.from_dict(rule.to_dict())
    assert np.array_equal(again.sets(told), rule.sets(told))


def test_few_rows_and_one_threshold_a_class_keep_the_defaults():
    told, truth = noisy_tail(np.random.default_rng(4), 249, 10, 3, (0.7, 0.9))
    assert split_conformal(told, truth, alpha=0.1, score="raps").settings == {}
    more, codes = np.tile(told, (2, 1)), np.tile(truth, 2)
    per_class = split_conformal(more, codes, alpha=0.1, score="raps", per_class=True)
    assert (per_class.settings, per_class.calibrated_on) == ({}, 498)
    assert split_conformal(more, codes, alpha=0.1, score="raps").calibrated_on == 399


def test_a_fifth_of_the_rows_tunes_and_never_more_than_a_thousand():
    told, truth = noisy_tail(np.random.default_rng(6), 250, 10, 3, (0.7, 0.9))
    assert split_conformal(told, truth, alpha=0.1, score="raps").calibrated_on == 200
    rule = split_conformal(np.tile(told, (24, 1)), np.tile(truth, 24), alpha=0.1, score="raps")
    assert rule.calibrated_on == 5_000
    assert "1,000 others tuned the penalty" in rule.guarantee


def test_without_a_generator_the_rows_that_tune_are_drawn_with_seed_0():
    told, truth = noisy_tail(np.random.default_rng(7), 400, 10, 3, (0.7, 0.9))
    plain, other = (
        split_conformal(told, truth, alpha=0.1, score="raps", rng=rng) for rng in (None, np.random.default_rng(1))
    )
    assert plain == split_conformal(told, truth, alpha=0.1, score="raps", rng=np.random.default_rng(0))
    assert plain.thresholds != other.thresholds


def test_too_few_rows_to_tell_a_rank_leave_aps():
    assert tune_raps(np.tile([0.5, 0.3, 0.2], (4, 1)), np.zeros(4, dtype=int), alpha=0.1) == (0.001, 3)


def test_known_world_a_noisy_tail_makes_shorter_sets_at_the_same_coverage():
    """Three classes hold 93 % of the probability; what the other 97 share says nothing, but APS counts it."""
    n = 4_000
    told, truth = noisy_tail(np.random.default_rng(0), n, 100, 3, (0.7, 0.9))
    inside, outside = slice(0, n // 2), slice(n // 2, None)
    sizes = {}
    for score in ("aps", "raps"):
        sets = split_conformal(told[inside], truth[inside], alpha=0.1, score=score).sets(told[outside])
        assert sets[np.arange(n // 2), truth[outside]].mean() == pytest.approx(0.9, abs=0.02)
        sizes[score] = sets.sum(axis=1).mean()
    assert sizes["raps"] < sizes["aps"] - 0.5


def test_known_world_coverage_within_every_class():
    rng = np.random.default_rng(1)
    proba = rng.dirichlet(np.full(8, 0.5), size=16_000)
    truth = draw(proba, rng)
    rule = split_conformal(proba[:8_000], truth[:8_000], alpha=0.1, score="raps", per_class=True)
    hit = rule.sets(proba[8_000:])[np.arange(8_000), truth[8_000:]]
    assert [hit[truth[8_000:] == k].mean() for k in range(8)] == pytest.approx([0.9] * 8, abs=0.05)


@given(st.integers(0, 2**32 - 1), st.integers(0, 6))
def test_without_penalty_or_below_the_rank_it_is_aps(seed, rank):
    proba = np.random.default_rng(seed).dirichlet(np.ones(6), size=8)
    assert np.array_equal(raps_scores(proba, penalty=0.0, rank=rank), aps_scores(proba))
    assert np.array_equal(raps_scores(proba, penalty=9.0, rank=6), aps_scores(proba))


@given(st.integers(0, 2**32 - 1), st.floats(0, 2), st.integers(0, 6))
def test_permuting_classes_permutes_scores(seed, penalty, rank):
    rng = np.random.default_rng(seed)
    proba, order = rng.dirichlet(np.ones(6), size=8), rng.permutation(6)
    moved = raps_scores(proba[:, order], penalty=penalty, rank=rank)
    np.testing.assert_allclose(moved, raps_scores(proba, penalty=penalty, rank=rank)[:, order])


def test_by_hand():
    scores = raps_scores(np.array([[0.2, 0.5, 0.3]]), penalty=0.1, rank=1)
    np.testing.assert_allclose(scores, [[1.2, 0.5, 0.9]])
    assert raps_scores(np.empty((0, 3))).shape == (0, 3)


def test_errors():
    with pytest.raises(InputError, match="penalty and rank must be at least 0, not -1 and 5"):
        raps_scores(np.eye(2), penalty=-1)
    with pytest.raises(InputError, match="no penalty to try"):
        tune_raps(np.eye(2), np.array([0, 1]), alpha=0.1, penalties=())
    with pytest.raises(InputError, match="alpha must lie strictly between 0 and 1"):
        tune_raps(np.eye(2), np.array([0, 1]), alpha=1.0)
