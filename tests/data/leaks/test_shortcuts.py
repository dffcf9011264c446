"""Shortcuts: an artefact in a known world, chance level, the definition by loops, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from modicum.core import InputError
from modicum.data.leaks import shortcuts

WORDS = [f"word{k}" for k in range(40)]


def noise(rng, n):
    return [" ".join(rng.choice(WORDS, 8)) for _ in range(n)]


def test_a_signature_is_found_and_nothing_else():
    rng = np.random.default_rng(0)
    codes = np.arange(120) % 3
    texts = [f"{text} regards" if code == 2 else text for text, code in zip(noise(rng, 120), codes, strict=True)]
    found = shortcuts(texts, codes, 3)
    assert found.words == ("regards",)
    assert (found.codes[0], found.rows[0], found.shares[0]) == (2, 40, 1.0)


def test_chance_names_hardly_anything():
    rng = np.random.default_rng(1)
    named = [len(shortcuts(noise(rng, 60), rng.integers(0, 2, 60), 2, share=0.5, part=0.0).words) for _ in range(100)]
    assert sum(n > 0 for n in named) <= 4


@given(st.integers(0, 2**32 - 1))
def test_parity_with_the_binomial_test_word_by_word(seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2, 30)
    texts = [" ".join(rng.choice(["left", "right"][code : code + 1] + WORDS[:5], 3)) for code in codes]
    found = shortcuts(texts, codes, 2, share=0.8, part=0.2)
    words = sorted({word for text in texts for word in text.split()})
    expected = []
    for word in words:
        inside = codes[[word in text.split() for text in texts]]
        hits = np.bincount(inside, minlength=2)
        best, size = int(hits.argmax()), np.bincount(codes, minlength=2)
        p = binomtest(int(hits[best]), len(inside), size[best] / 30, alternative="greater").pvalue
        if hits[best] >= 0.8 * len(inside) and hits[best] >= 0.2 * size[best] and p * len(words) < 0.01:
            expected.append(word)
    assert sorted(found.words) == expected


@given(st.lists(st.sampled_from(["a b", "", "!", "x y"]), min_size=1, max_size=6))
def test_texts_without_words_have_no_shortcut(texts):
    assert shortcuts(texts, np.zeros(len(texts), dtype=int), 2).words == ()


def test_errors():
    with pytest.raises(InputError, match="1 class codes for 2 rows"):
        shortcuts(["a", "b"], np.array([0]), 1)
    for setting in ({"share": 1.5}, {"part": -1}):
        with pytest.raises(InputError, match="must lie from 0 to 1, not"):
            shortcuts(["a", "b"], np.array([0, 0]), 1, **setting)
