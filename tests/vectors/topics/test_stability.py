"""Stability: parity with a plain count, worlds that are and are not found again, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.vectors.topics import Topics, topic_stability


def world(spread, rows=240, seed=0):
    rng = np.random.default_rng(seed)
    codes = np.arange(rows) % 4
    return 3 * np.eye(10)[codes] + spread * rng.normal(size=(rows, 10)), codes


def test_parity_with_a_plain_count():
    """One run, its clusters by the estimator, Jaccard indices by sets."""
    X, codes = world(1.2)
    found = topic_stability(X, codes, 4, np.random.default_rng(3), runs=1)
    drawn = np.random.default_rng(3).permutation(240)
    run = Topics(n_topics=4).fit(normalize_rows(X[drawn])[:120]).predict(X)
    groups = [set(np.flatnonzero(run == k).tolist()) for k in range(4)]
    expected = [
        max(len(own & group) / len(own | group) for group in groups)
        for own in (set(np.flatnonzero(codes == k).tolist()) for k in range(4))
    ]
    np.testing.assert_allclose(found.topics, expected)


def test_known_worlds():
    clear, vague = (topic_stability(*world(s), 4, np.random.default_rng(0)) for s in (0.2, 0.0))
    assert clear.rows == vague.rows == 1
    noise = np.random.default_rng(0).normal(size=(240, 10))
    accident = Topics(n_topics=4).fit(noise)
    lost = topic_stability(noise, accident.labels_, 4, np.random.default_rng(1))
    assert lost.topics.max() < 0.6
    assert lost.rows < 0.7


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_topics_may_be_numbered_anew(seed):
    X, codes = world(1.0, rows=60, seed=seed)
    order = np.random.default_rng(seed).permutation(4)
    first = topic_stability(X, codes, 4, np.random.default_rng(0))
    second = topic_stability(X, order[codes], 4, np.random.default_rng(0))
    np.testing.assert_allclose(second.topics[order], first.topics)
    assert second.rows == pytest.approx(first.rows)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 30))
def test_figures_are_shares(seed, rows):
    rng = np.random.default_rng(seed)
    found = topic_stability(rng.normal(size=(rows, 3)), rng.integers(0, 5, rows), 5, rng, runs=2)
    assert ((found.topics >= 0) & (found.topics <= 1)).all()
    assert 0 < found.rows <= 1


def test_errors():
    with pytest.raises(InputError, match="there must be at least 1 run, not 0"):
        topic_stability(np.eye(3), np.arange(3), 3, np.random.default_rng(0), runs=0)
    with pytest.raises(InputError, match=r"class codes must lie in 0\.\.1"):
        topic_stability(np.eye(3), np.arange(3), 2, np.random.default_rng(0))
