"""Near-duplicates: the definition by all pairs, worlds of copies, properties, wording."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from modicum.core import InputError
from modicum.data.dedup import exact_duplicates, near_duplicates, normal_form

WORDS = tuple("".join(word) for word in itertools.product("bcdfg", "aeiou", "lmnrs", "aeiou"))


def by_all_pairs(texts, threshold):
    """The definition: Jaccard similarity of the sets of four-letter runs, linked through others."""
    sets = [{form[i : i + 4] for i in range(len(form) - 3)} for form in map(normal_form, texts)]
    linked = np.zeros((len(texts), len(texts)))
    for (i, one), (j, other) in itertools.combinations(enumerate(sets), 2):
        linked[i, j] = bool(one) and len(one & other) / len(one | other) >= threshold
    return connected_components(linked, directed=False)[1]


def partition(groups):
    return {frozenset(np.flatnonzero(groups == g).tolist()) for g in np.unique(groups)}


def edited(rng, text):
    letters = list(text)
    letters[rng.integers(len(letters))] = "x"
    return "".join(letters)


def test_parity_with_the_definition_by_all_pairs():
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, rng.integers(2, 12))) for _ in range(120)]
    texts += [edited(rng, texts[row]) for row in rng.integers(0, 120, 80)]
    for threshold in (0.7, 0.8, 0.95):
        assert partition(near_duplicates(texts, threshold=threshold)) == partition(by_all_pairs(texts, threshold))


def test_a_long_text_with_one_letter_changed_is_found_among_thousands():
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(WORDS, 12)) for _ in range(3000)]
    groups = near_duplicates([*texts, *(edited(rng, text) for text in texts)])
    assert (groups[:3000] == groups[3000:]).mean() > 0.999
    assert len(np.unique(groups)) > 2900


@given(st.lists(st.text(alphabet="abc d", max_size=9), max_size=10))
def test_exact_copies_are_together_and_numbers_follow_appearance(texts):
    near, exact = near_duplicates(texts), exact_duplicates(texts)
    for group in np.unique(exact):
        assert len(np.unique(near[exact == group])) == 1
    _, first = np.unique(near, return_index=True)
    assert (np.diff(first) > 0).all()


@given(st.lists(st.sampled_from(["my card has not arrived", "my card has not arrivedd", "refund me", ""]), max_size=8))
def test_a_higher_threshold_never_joins_more(texts):
    low, high = near_duplicates(texts, threshold=0.6), near_duplicates(texts, threshold=0.97)
    for group in np.unique(high):
        assert len(np.unique(low[high == group])) == 1


def test_edges():
    assert near_duplicates([]).tolist() == []
    assert near_duplicates(["", "", "a", "A"]).tolist() == [0, 1, 2, 2]
    with pytest.raises(InputError, match="threshold must lie strictly between 0 and 1"):
        near_duplicates(["a"], threshold=1.0)
