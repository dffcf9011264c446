"""RAD: the game's value against brute force, what errors of the teacher do, chances of the draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from modicum.core import InputError
from modicum.labels.active import robust_query
from modicum.labels.active.robust_query import robust_chances


@given(st.integers(0, 2**32 - 1), st.integers(0, 5))
def test_parity_with_the_game_as_a_linear_program(seed, wrong):
    """max over chances p of sum(p g) less the largest `wrong` of p g, the latter as w t + sum of excesses over t."""
    gains = np.random.default_rng(seed).uniform(0.05, 1, size=7)
    count = len(gains)
    cost = np.concatenate([-gains, [wrong], np.ones(count)])
    excess = np.hstack([np.diag(gains), -np.ones((count, 1)), -np.eye(count)])
    total = np.concatenate([np.ones(count), [0], np.zeros(count)])[None]
    solved = linprog(cost, A_ub=excess, b_ub=np.zeros(count), A_eq=total, b_eq=[1])
    chances, sure = robust_chances(gains, wrong)
    assert sure == pytest.approx(-solved.fun, abs=1e-8)
    assert (chances * gains).sum() - np.sort(chances * gains)[count - wrong :].sum() == pytest.approx(sure)


def test_known_world_a_teacher_who_is_right_gives_the_most_doubtful_rows():
    proba = np.random.default_rng(1).dirichlet(np.ones(2), size=50)
    chosen = robust_query(proba, proba, np.zeros(50, bool), 1, np.random.default_rng(0), wrong=0.0)
    assert chosen.tolist() == [np.abs(proba[:, 0] - 0.5).argmin()]


def test_known_world_each_row_is_drawn_as_often_as_its_chance_says():
    proba = np.random.default_rng(2).dirichlet(np.ones(2), size=12)
    chances, _ = robust_chances(1 - np.abs(proba[:, 0] - proba[:, 1]), 4, budget=3)
    assert (3 * chances).max() < 1, "no chance may be capped in this world"
    rng, hits = np.random.default_rng(3), np.zeros(12)
    for _ in range(4_000):
        hits[robust_query(proba, proba, np.zeros(12, bool), 3, rng, wrong=4 / 12)] += 1
    np.testing.assert_allclose(hits / 4_000, 3 * chances, atol=0.035)


@given(st.integers(0, 2**32 - 1))
def test_worse_teachers_spread_the_batch(seed):
    gains = np.random.default_rng(seed).uniform(0.05, 1, size=30)
    supports = [int((robust_chances(gains, wrong)[0] > 0).sum()) for wrong in (0, 3, 10, 25)]
    assert supports == sorted(supports)


def test_the_teachers_own_doubt_tells_its_errors():
    proba, nothing = np.random.default_rng(4).dirichlet(np.ones(3), size=60), np.zeros(60, bool)
    teacher = np.tile([0.7, 0.2, 0.1], (60, 1))
    by_teacher = robust_query(proba, proba, nothing, 5, np.random.default_rng(0), teacher=teacher)
    by_share = robust_query(proba, proba, nothing, 5, np.random.default_rng(0), wrong=0.3)
    assert by_teacher.tolist() == by_share.tolist()


def test_errors():
    proba, nothing = np.full((4, 2), 0.5), np.zeros(4, bool)
    with pytest.raises(InputError, match="share of wrong answers must be at least 0 and below 1, not 1"):
        robust_query(proba, proba, nothing, 1, np.random.default_rng(0), wrong=1)
    with pytest.raises(InputError, match=r"the teacher's probabilities have shape \(3, 2\), not \(4, 2\)"):
        robust_query(proba, proba, nothing, 1, np.random.default_rng(0), teacher=proba[:3])
    with pytest.raises(InputError, match="gains must be above 0"):
        robust_chances(np.zeros(3), 1)
