"""k-center: the greedy rule, its bound, and what labelled rows cover."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.active import k_center_query


def ask(X, labelled, budget, seed=0):
    return k_center_query(X, np.full((len(X), 2), 0.5), labelled, budget, np.random.default_rng(seed))


def radius(X, centres):
    return np.linalg.norm(X[:, None] - X[list(centres)][None], axis=2).min(axis=1).max()


def test_parity_with_the_greedy_rule_written_out():
    X, labelled = np.random.default_rng(1).normal(size=(60, 4)), np.arange(60) < 3
    covered, expected = [0, 1, 2], []
    for _ in range(8):
        distance = np.linalg.norm(X[:, None] - X[covered][None], axis=2).min(axis=1)
        covered.append(int(distance.argmax()))
        expected.append(covered[-1])
    assert ask(X, labelled, 8).tolist() == expected


@given(st.integers(0, 2**32 - 1))
def test_known_world_at_most_twice_the_best_radius(seed):
    X = np.random.default_rng(seed).normal(size=(9, 2))
    best = min(radius(X, centres) for centres in combinations(range(9), 3))
    assert radius(X, ask(X, np.zeros(9, bool), 3)) <= 2 * best + 1e-9


@given(st.integers(0, 2**32 - 1))
def test_rotation_and_shift_change_nothing(seed):
    local = np.random.default_rng(seed)
    X, labelled = local.normal(size=(30, 3)), np.arange(30) < 2
    Q, _ = np.linalg.qr(local.normal(size=(3, 3)))
    assert ask(X, labelled, 5).tolist() == ask(X @ Q + 2.0, labelled, 5).tolist()


def test_without_labels_the_row_nearest_the_mean_comes_first():
    X = np.array([[0.0], [1.0], [2.1], [9.0], [-9.0]])
    assert ask(X, np.zeros(5, bool), 3).tolist()[0] == 1


def test_errors():
    with pytest.raises(InputError, match="vectors: row 1 holds NaN"):
        ask(np.array([[0.0], [np.nan]]), np.zeros(2, bool), 1)
