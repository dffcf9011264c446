"""Edited queries: parity with a projection by least squares, a world with a known answer, properties, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.vectors.search import edited_query

SEEDS = st.integers(0, 2**32 - 1)


def world(seed, wanted=2, unwanted=3, width=8):
    rng = np.random.default_rng(seed)
    return np.abs(rng.normal(size=(wanted, width))), rng.normal(size=(unwanted, width))


def test_parity_with_least_squares():
    """What is left is the residual of the query regressed on those unwanted vectors that it leans towards."""
    like, unlike = world(3, unwanted=8)
    query = normalize_rows(like).mean(axis=0)
    query /= np.linalg.norm(query)
    towards = normalize_rows(unlike)
    towards = towards[towards @ query > 0]
    assert 0 < len(towards) < len(unlike)
    rest = query - towards.T @ np.linalg.lstsq(towards.T, query, rcond=None)[0]
    np.testing.assert_allclose(edited_query(like, unlike), rest / np.linalg.norm(rest), atol=1e-10)


def test_parity_with_a_difference_of_means():
    like, unlike = world(4)
    rest = normalize_rows(like).mean(axis=0)
    rest = rest / np.linalg.norm(rest) - 0.5 * normalize_rows(unlike).mean(axis=0)
    found = edited_query(like, unlike, method="subtract", strength=0.5)
    np.testing.assert_allclose(found, rest / np.linalg.norm(rest), atol=1e-10)


def test_known_world_a_tone_is_taken_out_of_a_theme():
    """The query is a theme in a tone. Without the tone, the theme in another tone is as near, and the tone is not."""
    theme, loud, soft = np.eye(3)
    rows = np.stack([theme + loud, theme + soft, loud])
    assert (rows @ edited_query(rows[[0]]) * np.sqrt(2)).tolist() == pytest.approx([2, 1, 1])
    assert (rows @ edited_query(rows[[0]], loud[None])).tolist() == pytest.approx([1, 1, 0])
    assert (rows @ edited_query(rows[[0]], loud[None], method="subtract")).argsort().tolist() == [2, 0, 1]


@given(SEEDS)
def test_nothing_of_the_unwanted_is_left_in_a_projection(seed):
    like, unlike = world(seed, unwanted=1)
    found = edited_query(like, unlike)
    assert np.linalg.norm(found) == pytest.approx(1)
    assert (normalize_rows(unlike) @ found <= 1e-9).all()


@given(SEEDS, st.floats(0.1, 100))
def test_lengths_do_not_matter_and_rotations_are_followed(seed, scale):
    like, unlike = world(seed)
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(8, 8)))
    for method in ("project", "subtract"):
        plain = edited_query(like, unlike, method=method, strength=0.7)
        np.testing.assert_allclose(edited_query(scale * like, unlike, method=method, strength=0.7), plain, atol=1e-8)
        turned = edited_query(like @ turn, unlike @ turn, method=method, strength=0.7)
        np.testing.assert_allclose(turned, plain @ turn, atol=1e-8)


def test_unwanted_vectors_that_point_away_or_are_zero_change_nothing():
    query = np.array([[1.0, 0.0]])
    assert edited_query(query, np.array([[-1.0, 0.2], [0.0, 0.0]])).tolist() == [1.0, 0.0]
    assert edited_query(query, np.empty((0, 2))).tolist() == [1.0, 0.0]
    assert edited_query(query, np.array([[1.0, 1.0]]), strength=0).tolist() == [1.0, 0.0]


def test_the_same_unwanted_vector_twice_counts_once():
    like, unlike = world(9, unwanted=1)
    np.testing.assert_allclose(edited_query(like, np.repeat(unlike, 4, axis=0)), edited_query(like, unlike), atol=1e-9)


def test_errors_name_what_is_wrong():
    one = np.array([[1.0, 0.0]])
    with pytest.raises(InputError, match="nothing is left of the query without what is not wanted"):
        edited_query(one, 3 * one)
    with pytest.raises(InputError, match="nothing to be like; give at least one wanted vector"):
        edited_query(np.empty((0, 2)))
    with pytest.raises(InputError, match="the wanted vectors cancel out or are zero"):
        edited_query(np.array([[1.0, 0.0], [-1.0, 0.0]]))
    with pytest.raises(InputError, match="unwanted vectors are 3 wide where 2 is expected"):
        edited_query(one, np.ones((1, 3)))
    with pytest.raises(InputError, match="method of editing 'projekt' is not known; did you mean 'project'"):
        edited_query(one, one, method="projekt")
    with pytest.raises(InputError, match="strength must be at least 0, not -1"):
        edited_query(one, one, strength=-1)
    with pytest.raises(InputError, match="wanted vectors: row 0 holds NaN"):
        edited_query(np.array([[np.nan, 1.0]]))
