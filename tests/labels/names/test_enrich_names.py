"""Enriched names: by hand on few rows, a world in which they help, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.heads import NameSimilarity
from modicum.labels.names import enrich_names


def world(seed, rows=300, classes=4, width=16):
    """Rows around centres that the names only hint at."""
    rng = np.random.default_rng(seed)
    centres = normalize_rows(rng.normal(size=(classes, width)))
    y = np.arange(rows) % classes
    X = centres[y] + 0.25 * rng.normal(size=(rows, width))
    return X, y, centres + 1.2 * normalize_rows(rng.normal(size=(classes, width)))


def test_parity_with_the_formula_by_hand():
    """Lbl2TransformerVec with one document a label: half the name, half its most similar document."""
    X = np.array([[2.0, 1.0], [2.0, -1.0], [-2.0, 1.0], [-2.0, -1.0]])
    names = np.array([[1.0, 1.0], [-1.0, -1.0]])
    diagonal, document = np.array([1.0, 1.0]) / np.sqrt(2), np.array([2.0, 1.0]) / np.sqrt(5)
    expected = normalize_rows((0.5 * diagonal + 0.5 * document)[None])[0] * np.sqrt(5)
    found = enrich_names(names, X, nearest=1, share=0.5, rounds=1)
    np.testing.assert_allclose(found, [expected, -expected])


def test_known_world_rows_say_what_the_name_left_out():
    gains = []
    for seed in range(8):
        X, y, names = world(seed)
        scores = []
        for vectors in (names, enrich_names(names, X)):
            head = NameSimilarity().fit(X, y, classes=np.arange(4), class_vectors=vectors)
            scores.append(head.score(X, y))
        gains.append(scores[1] - scores[0])
    assert np.mean(gains) > 0.01
    assert min(gains) > -0.03


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 5))
def test_length_of_names_does_not_matter(seed, scale):
    X, _, names = world(seed, rows=20)
    np.testing.assert_allclose(enrich_names(names, X), enrich_names(scale * names, X), atol=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_turning_the_space_turns_the_result(seed):
    X, _, names = world(seed, rows=20, width=5)
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))
    np.testing.assert_allclose(enrich_names(names @ Q, X @ Q), enrich_names(names, X) @ Q, atol=1e-6)


def test_a_name_that_finds_nothing_stays_as_it_is():
    X = np.array([[1.0, 0.0], [1.0, 0.1], [0.9, 0.0], [0.95, 0.05]])
    names = np.array([[1.0, 0.0], [0.0, 1.0], [-5.0, -5.0]])
    assert np.isfinite(enrich_names(names, X)).all()


def test_errors():
    with pytest.raises(InputError, match="vectors are 3 wide where 2 is expected"):
        enrich_names(np.eye(2), np.eye(3))
    with pytest.raises(InputError, match="give 2 names and 1 row at least"):
        enrich_names(np.eye(2)[:1], np.eye(2))
    with pytest.raises(InputError, match=r"share must lie from 0 to 1, not 2\.0"):
        enrich_names(np.eye(2), np.eye(2), share=2.0)
