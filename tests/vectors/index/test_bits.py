"""Bits in columns: what differs is counted as it stands, and the fewest are found."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modicum.vectors.index import binary_codes, bit_columns, differing_bits, least_differing


@given(st.integers(1, 200), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_counts_are_those_of_the_codes(width, rows, seed):
    rng = np.random.default_rng(seed)
    X, centre, query = rng.normal(size=(rows, width)), rng.normal(size=width), rng.normal(size=(1, width))
    found = differing_bits(bit_columns(X, centre), bit_columns(query, centre))
    told = np.unpackbits(binary_codes(X, centre) ^ binary_codes(query, centre), axis=1, count=width).sum(axis=1)
    assert found.tolist() == told.tolist()


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_the_least_are_among_those_found(most, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 64))
    allowed = rng.random(30) < 0.7
    columns, query = bit_columns(X, np.zeros(64)), bit_columns(X[:1], np.zeros(64))
    rows = least_differing(columns, query, most, allowed)
    counts = np.where(allowed, differing_bits(columns, query).astype(float), np.inf)
    assert len(rows) == len(set(rows.tolist())) >= min(most, allowed.sum())
    assert allowed[rows].all()
    left = np.setdiff1d(np.flatnonzero(allowed), rows)
    assert not len(left) or not len(rows) or counts[rows].max() <= counts[left].min()


def test_opposite_rows_and_none():
    """All 256 bits differ, which eight bits could not count."""
    X = np.vstack([np.ones(256), -np.ones(256)])
    columns = bit_columns(X, np.zeros(256))
    assert differing_bits(columns, columns[:, :1]).tolist() == [0, 256]
    assert least_differing(columns, columns[:, :1], 1).tolist() == [0]
    assert least_differing(columns, columns[:, :1], 1, np.array([False, True])).tolist() == [1]
    assert least_differing(columns, columns[:, :1], 1, np.zeros(2, dtype=bool)).tolist() == []
