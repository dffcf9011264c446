"""Random rows: every row as often as any other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.active import random_query


def test_parity_with_numpy():
    expected = np.random.default_rng(5).choice(np.arange(10, 30), 6, replace=False)
    labelled = np.arange(30) < 10
    chosen = random_query(np.zeros((30, 1)), np.full((30, 2), 0.5), labelled, 6, np.random.default_rng(5))
    assert chosen.tolist() == expected.tolist()


def test_known_world_every_row_is_as_likely():
    rng, hits = np.random.default_rng(0), np.zeros(10)
    for _ in range(2_000):
        hits[random_query(np.zeros((10, 1)), np.full((10, 2), 0.5), np.arange(10) > 4, 2, rng)] += 1
    assert hits[:5] / 2_000 == pytest.approx(0.4, abs=0.05)
    assert hits[5:].sum() == 0


@given(st.integers(0, 2**32 - 1))
def test_probabilities_change_nothing(seed):
    local = np.random.default_rng(seed)
    X, labelled = local.normal(size=(20, 2)), local.random(20) < 0.5
    first, second = (
        random_query(X, local.dirichlet(np.ones(3), 20), labelled, 4, np.random.default_rng(1)) for _ in range(2)
    )
    assert first.tolist() == second.tolist()


@given(st.integers(0, 2**32 - 1))
def test_vectors_change_nothing(seed):
    local = np.random.default_rng(seed)
    proba, labelled = np.full((20, 2), 0.5), local.random(20) < 0.5
    first, second = (
        random_query(local.normal(size=(20, 2)), proba, labelled, 4, np.random.default_rng(1)) for _ in range(2)
    )
    assert first.tolist() == second.tolist()


def test_errors():
    with pytest.raises(InputError, match="budget must be at least 0 rows, not -3"):
        random_query(np.eye(2), np.full((2, 2), 0.5), np.zeros(2, bool), -3, np.random.default_rng(0))
