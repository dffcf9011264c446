"""Edited copies: Damerau's distance as published, planted copies, properties, what must not be taken for a copy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.dedup import edited_copies, exact_duplicates
from modicum.data.dedup.edited import _edits

WORDS = ["".join(word) for word in itertools.product("bcdfgt", "aeiou", "lmnrs", "aeiou", "ckpt")]


def sentences(rng, rows, low=6, high=14):
    return [" ".join(rng.choice(WORDS, rng.integers(low, high))) for _ in range(rows)]


def together(*texts):
    return edited_copies(texts).tolist() == [0] * len(texts)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("kitten", "sitting", 3),  # Levenshtein's textbook example
        ("sunday", "saturday", 3),
        ("ca", "abc", 3),  # optimal string alignment; the unrestricted distance would be 2
        ("ab", "ba", 1),  # Damerau 1964: a swap is one error
        ("", "abc", 3),
        ("same", "same", 0),
    ],
)
def test_distances_are_the_published_ones(one, other, distance):
    assert _edits(one, other) == _edits(other, one) == distance


def test_known_world_planted_copies_are_found_and_nothing_else():
    rng = np.random.default_rng(0)
    texts = sentences(rng, 1500)
    swapped = [text[:8] + text[9] + text[8] + text[10:] if text[8:10].isalpha() else text for text in texts[:100]]
    ordered = [" ".join(rng.permutation(text.split())) for text in texts[100:200]]
    cut = [text[: int(0.8 * len(text))] for text in texts[200:300]]
    shouted = [text.upper() + "!" for text in texts[300:400]]
    groups = edited_copies([*texts, *swapped, *ordered, *cut, *shouted])
    assert np.mean(groups[1500:] == groups[:400]) > 0.99
    assert len(np.unique(groups[:1500])) == 1500


def test_what_a_copyist_does():
    assert together("When will my card arrive?", "will my card arrive, when", "WHEN WILL MY CARD ARRIVE")
    assert together("My topup has not gone through", "My top up has not gone through")
    assert together("Please send the form again to my address", "Please send the form again to my ad...")
    assert together("I lost my card and my wallet", "I lsot my card and my walet")


def test_what_says_something_else():
    assert not together("When will my card arrive?", "When will your card arrive?")
    assert not together("pay invoice 10023 today please", "pay invoice 10024 today please")
    assert not together("why was I charged £1 on my card", "why was I charged €1 on my card")
    assert not together("Can I change my PIN?", "Can I change my PIN at an ATM?"), (
        "a sentence that ends was not cut off"
    )
    often = ["the cat sat on the mat"] * 5 + ["the rat sat on the mat"] * 5
    assert edited_copies(often).tolist() == [0] * 5 + [1] * 5, "a word that occurs often is no misspelling"


@given(st.lists(st.text(alphabet="ab é,1", max_size=12), max_size=9))
def test_exact_copies_are_together_and_numbers_follow_appearance(texts):
    groups, exact = edited_copies(texts), exact_duplicates(texts)
    for group in np.unique(exact):
        assert len(np.unique(groups[exact == group])) == 1
    _, first = np.unique(groups, return_index=True)
    assert (np.diff(first) > 0).all()


@given(st.integers(0, 2**32 - 1))
def test_order_of_words_never_matters(seed):
    rng = np.random.default_rng(seed)
    text = sentences(rng, 1, 2, 9)[0]
    assert together(text, " ".join(rng.permutation(text.split())))


def test_edges():
    assert edited_copies([]).tolist() == []
    assert edited_copies(["", " ", "?!", "?!", "a"]).tolist() == [0, 1, 2, 2, 3]
    long = "abcdefgh " * 120_000  # a megabyte
    assert together(long, long[:-40], long + "x")
    assert len(np.unique(edited_copies([f"item number {n} was sent" for n in range(3000)]))) == 3000
    with pytest.raises(InputError, match="left must lie strictly between 0 and 1"):
        edited_copies(["a"], left=1.5)
