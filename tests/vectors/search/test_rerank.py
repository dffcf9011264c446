"""The cascade: parity with a loop, a world with a known answer, what the costly scorer sees, edges, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.vectors.search import Reranked, rerank

SEEDS = st.integers(0, 2**32 - 1)


def world(seed, rows=12):
    rng = np.random.default_rng(seed)
    offsets = np.cumsum([0, *rng.integers(0, 5, rows)])
    return rng.normal(size=rows), offsets, rng.normal(size=offsets[-1]), rng.normal(size=offsets[-1])


def by_loop(first, offsets, cheap, costly, candidates, parts):
    """The cascade, row by row."""
    found = []
    for row in sorted(range(len(first)), key=lambda r: -first[r])[:candidates]:
        own = sorted(range(offsets[row], offsets[row + 1]), key=lambda p: -cheap[p])[:parts]
        best = max(own, key=lambda p: costly[p], default=-1)
        found.append((row, costly[best] if own else -np.inf, best))
    return sorted(found, key=lambda told: -told[1])


@given(SEEDS, st.integers(1, 12), st.integers(1, 5))
def test_parity_with_a_loop(seed, candidates, parts):
    first, offsets, cheap, costly = world(seed)
    found = rerank(first, offsets, cheap.__getitem__, costly.__getitem__, candidates=candidates, parts=parts)
    told = by_loop(first, offsets, cheap, costly, candidates, parts)
    assert list(zip(found.rows.tolist(), found.scores.tolist(), found.parts.tolist(), strict=True)) == told


@given(SEEDS)
def test_the_costly_scorer_sees_few_and_a_wider_cascade_never_scores_less(seed):
    first, offsets, cheap, costly = world(seed)
    seen = []

    def watched(numbers):
        seen.append(numbers)
        return costly[numbers]

    narrow = rerank(first, offsets, cheap.__getitem__, watched, candidates=5, parts=1)
    assert len(seen) == 1
    assert len(seen[0]) <= 5
    wide = rerank(first, offsets, cheap.__getitem__, costly.__getitem__, candidates=5, parts=9)
    least, most = (dict(zip(one.rows.tolist(), one.scores, strict=True)) for one in (narrow, wide))
    assert least.keys() == most.keys()
    assert all(least[row] <= most[row] for row in least)


def test_known_world_a_buried_passage_lifts_its_row():
    """The first list has row 0 ahead; the best passage is the last of row 1, where the cheap scorer points."""
    cheap, costly = np.array([0.5, 0.1, 0.2, 0.9]), np.array([0.6, 0.6, 0.1, 0.95])
    found = rerank(np.array([1.0, 0.9]), np.array([0, 2, 4]), cheap.__getitem__, costly.__getitem__, parts=1)
    assert isinstance(found, Reranked)
    assert (found.rows.tolist(), found.parts.tolist(), found.scores.tolist()) == ([1, 0], [3, 0], [0.95, 0.6])


def test_rows_without_parts_come_last_and_rows_not_found_never():
    first = np.array([1.0, -np.inf, 0.5])
    found = rerank(first, np.array([0, 0, 1, 2]), np.ones(2).__getitem__, np.ones(2).__getitem__)
    assert (found.rows.tolist(), found.parts.tolist()) == ([2, 0], [1, -1])
    nothing = rerank(np.full(2, -np.inf), np.array([0, 1, 2]), np.ones(2).__getitem__, np.ones(2).__getitem__)
    assert len(nothing.rows) == 0


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="candidates and parts must be at least 1, not 0 and 2"):
        rerank(np.ones(1), np.array([0, 1]), np.ones(1).__getitem__, np.ones(1).__getitem__, candidates=0)
    with pytest.raises(InputError, match="2 offsets of parts for 2 rows; give one more than rows"):
        rerank(np.ones(2), np.array([0, 1]), np.ones(1).__getitem__, np.ones(1).__getitem__)
