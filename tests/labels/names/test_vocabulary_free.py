"""Vocabulary-free naming: the published score by hand, a world with known words, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.labels.names import candidate_words, vocabulary_free


def test_parity_with_the_score_written_out():
    """CaSED: own * cos(row, word) + (1 - own) * cos(mean of the texts found, word), over the words found."""
    rng = np.random.default_rng(0)
    X, corpus, words = rng.normal(size=(20, 6)), rng.normal(size=(30, 6)), rng.normal(size=(9, 6))
    held = rng.random((30, 9)) < 0.2
    found = vocabulary_free(X, corpus, csr_array(held.astype(int)), words, nearest=4, own=0.7)
    unit, named = normalize_rows(corpus), normalize_rows(words)
    for row, answer in zip(normalize_rows(X), found, strict=True):
        near = np.argsort(-(unit @ row))[:4]
        company = unit[near].mean(axis=0)
        score = 0.7 * named @ row + 0.3 * named @ (company / np.linalg.norm(company))
        score[~held[near].any(axis=0)] = -np.inf
        assert answer == (score.argmax() if np.isfinite(score).any() else -1)


def test_known_world_each_cloud_gets_its_word():
    rng = np.random.default_rng(1)
    themes = ["refund", "card", "weather"]
    y = np.arange(60) % 3
    corpus = candidate_words([f"about the {themes[k]}" for k in y])
    X = np.eye(3)[y] + 0.1 * rng.normal(size=(60, 3))
    words = np.eye(3)[[themes.index(word) for word in corpus.words]]
    found = vocabulary_free(X, X, corpus.held, words)
    assert [corpus.words[number] for number in found] == [themes[k] for k in y]


@given(st.integers(0, 2**32 - 1))
def test_a_name_is_held_by_a_text_that_was_found(seed):
    rng = np.random.default_rng(seed)
    held = rng.random((6, 4)) < 0.4
    found = vocabulary_free(
        rng.normal(size=(5, 3)), rng.normal(size=(6, 3)), csr_array(held * 1), rng.normal(size=(4, 3))
    )
    assert held[:, found[found >= 0]].any(axis=0).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 9))
def test_length_of_vectors_does_not_matter(seed, scale):
    rng = np.random.default_rng(seed)
    X, corpus, words = (rng.normal(size=(5, 3)) for _ in range(3))
    held = csr_array(np.ones((5, 5)))
    first, second = (vocabulary_free(s * X, corpus, held, s * words) for s in (1.0, scale))
    assert np.array_equal(first, second)


def test_words_are_frequent_and_say_something():
    found = candidate_words(["my card is lost", "lost the black card", "a refund"], least=2)
    assert found.words == ("card", "lost")
    assert found.held.toarray().tolist() == [[1, 1], [1, 1], [0, 0]]


def test_errors():
    with pytest.raises(InputError, match="no word is held by 2 of the 2 texts"):
        candidate_words(["the", "a"])
    with pytest.raises(InputError, match="2 texts and 3 candidates need an indicator of that shape"):
        vocabulary_free(np.eye(3)[:2], np.eye(3)[:2], csr_array(np.ones((2, 2))), np.eye(3))
