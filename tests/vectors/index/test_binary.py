"""Binary index: the definition of codes and scores, recall that grows with the candidates, vectors left on disk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.vectors.index import BinaryIndex, ExactIndex, binary_codes
from modicum.vectors.index.binary import bit_scores


def clouds(rows=2_000, width=64, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(20, width))
    near = centres[rng.integers(0, 20, rows + 50)] + 0.7 * rng.normal(size=(rows + 50, width))
    return near[:rows].astype(np.float32), near[rows:].astype(np.float32)


def recall(index, queries, truth):
    found = index.search(queries)[0]
    return (found[:, :, None] == truth[:, None, :]).any(axis=2).mean()


def test_parity_with_the_definition_by_loops():
    rng = np.random.default_rng(0)
    X, queries, centre = rng.normal(size=(9, 13)), rng.normal(size=(4, 13)).astype(np.float32), rng.normal(size=13)
    codes = binary_codes(X, centre)
    assert codes.shape == (9, 2)
    expected = [[sum(q for q, x, c in zip(query, row, centre, strict=True) if x > c) for row in X] for query in queries]
    np.testing.assert_allclose(bit_scores(queries, codes), expected, atol=1e-5)


def test_known_world_corners_of_a_cube_are_told_apart_by_their_bits():
    corners = np.array([[2 * int(bit) - 1 for bit in f"{number:06b}"] for number in range(64)], dtype=np.float32)
    index = BinaryIndex(corners, candidates=1)
    assert index.search(corners, k=1)[0].ravel().tolist() == list(range(64))
    assert index.codes.nbytes == 64


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_more_candidates_find_no_less(seed, candidates):
    X, queries = clouds(rows=300, width=16, seed=seed)
    truth = ExactIndex(X).search(queries)[0]
    few, more, all_of_them = (
        recall(BinaryIndex(X, candidates=count), queries, truth) for count in (candidates, candidates + 3, 30)
    )
    assert few <= more <= all_of_them == 1.0


@given(st.integers(0, 2**32 - 1))
def test_scores_are_those_of_the_vectors(seed):
    X, queries = clouds(rows=100, width=8, seed=seed)
    ids, scores = BinaryIndex(X, metric="euclidean").search(queries, k=3)
    np.testing.assert_allclose(scores, -np.linalg.norm(X[ids] - queries[:, None], axis=2), rtol=1e-5)


def test_candidates_find_most_of_clouds():
    X, queries = clouds()
    truth = ExactIndex(X).search(queries)[0]
    assert recall(BinaryIndex(X), queries, truth) > 0.8
    assert recall(BinaryIndex(X, candidates=16), queries, truth) > 0.98


def test_vectors_stay_on_disk(tmp_path):
    X, _ = clouds()
    BinaryIndex(X).save(tmp_path / "index")
    loaded = BinaryIndex.load(tmp_path / "index")
    assert isinstance(loaded.rows.segments[0].values, np.memmap)
    assert not isinstance(loaded.codes, np.memmap)
    assert loaded.codes.nbytes == X.nbytes / 32


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="candidates must be at least 1 for each neighbour, not 0"):
        BinaryIndex(np.eye(3), candidates=0)
