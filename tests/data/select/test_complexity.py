"""Feature density: type-token ratios by hand, a world of known variety, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.select import feature_density


def rng(seed=0):
    return np.random.default_rng(seed)


def test_densities_by_hand():
    """The red dog saw the red cat: 5 of 6 pairs are distinct, and 4 of the first 6 words."""
    found = feature_density(["The red dog saw the red cat"], size=100, rng=rng())
    assert found.size == 6
    assert found.pairs == 5 / 6
    assert found.words == 4 / 6, "measured on as many words as there are pairs: the last one is left out"
    assert found.runs == 1.0


def test_known_world_more_words_are_denser():
    few, many = ([f"w{a} x{b} y{a}" for a, b in rng().integers(0, size, (3000, 2))] for size in (20, 2000))
    poor, rich = (feature_density(texts, rng=rng()) for texts in (few, many))
    assert poor.size == rich.size == 5000
    assert poor.words == pytest.approx(60 / 5000)
    assert rich.words > 5 * poor.words
    assert rich.pairs > poor.pairs


@given(st.integers(0, 2**32 - 1), st.integers(1, 50))
def test_densities_are_shares(seed, size):
    texts = [" ".join(rng(seed + n).choice(["aa", "bb", "cc"], 4)) for n in range(10)]
    found = feature_density(texts, size=size, rng=rng(seed))
    assert all(0 < value <= 1 for value in (found.words, found.pairs, found.runs))


@given(st.integers(0, 2**32 - 1))
def test_case_never_matters(seed):
    texts = ["One two three", "two THREE four five", "six"]
    assert feature_density(texts, rng=rng(seed)) == feature_density([t.upper() for t in texts], rng=rng(seed))


def test_a_table_without_pairs_of_words_is_refused():
    with pytest.raises(InputError, match="no text holds two words, or none four letters"):
        feature_density(["", "one"], rng=rng())
    with pytest.raises(InputError, match="size must be at least 1, not 0"):
        feature_density(["two words"], size=0, rng=rng())
