"""Mixing shares: an exact mixture is recovered, and the fixed point is a maximum."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modicum.labels.shift import mixing_shares


@given(st.integers(0, 2**32 - 1))
def test_an_exact_mixture_is_recovered(seed):
    rng = np.random.default_rng(seed)
    parts = 0.8 * np.eye(3) + 0.2 * rng.dirichlet(np.ones(3), size=3)
    truth = rng.dirichlet(np.full(3, 2.0), size=4)
    np.testing.assert_allclose(mixing_shares(truth @ parts, parts, steps=5_000, tolerance=1e-12), truth, atol=1e-3)


@given(st.integers(0, 2**32 - 1))
def test_no_other_shares_are_likelier(seed):
    rng = np.random.default_rng(seed)
    parts, seen = rng.dirichlet(np.ones(4), size=3), rng.dirichlet(np.ones(4), size=1)
    others = rng.dirichlet(np.ones(3), size=200)
    likely = (seen * np.log(others @ parts)).sum(axis=1)
    assert (seen * np.log(mixing_shares(seen, parts) @ parts)).sum() >= likely.max() - 1e-4
