"""Nearest phrases: parity with trying all hands, a known world, properties, errors."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.vectors.topics import label_phrases


@given(seed=st.integers(0, 2**32 - 1))
def test_parity_with_the_best_of_all_ways_to_hand_out(seed):
    rng = np.random.default_rng(seed)
    centres, phrases = rng.normal(size=(3, 6)), rng.normal(size=(5, 6))
    chosen, scores = label_phrases(centres, phrases, np.ones((3, 5), bool))
    best = max(sum(scores[k, p] for k, p in enumerate(way)) for way in permutations(range(5), 3))
    assert scores[np.arange(3), chosen].sum() == pytest.approx(best)
    cosine = [[c @ p / np.linalg.norm(c) / np.linalg.norm(p) for p in phrases] for c in centres]
    np.testing.assert_allclose(scores, np.array(cosine) - np.mean(cosine, axis=0))


def test_known_world_what_all_topics_share_names_none():
    shared = np.array([1.0, 1.0, 1.0])
    chosen, _ = label_phrases(np.eye(3) + 0.5, np.stack([shared, *(np.eye(3) + 0.4)]), np.ones((3, 4), bool))
    assert chosen.tolist() == [1, 2, 3]


@given(seed=st.integers(0, 2**32 - 1))
def test_phrases_are_held_and_distinct(seed):
    rng = np.random.default_rng(seed)
    held = rng.random((4, 6)) < 0.4
    chosen, _ = label_phrases(rng.normal(size=(4, 3)), rng.normal(size=(6, 3)), held)
    given_out = np.flatnonzero(chosen >= 0)
    assert held[given_out, chosen[given_out]].all()
    assert len(set(chosen[given_out].tolist())) == len(given_out)


def test_too_few_phrases_and_errors():
    chosen, _ = label_phrases(np.eye(3), np.eye(3)[:1], np.ones((3, 1), bool))
    assert chosen.tolist() == [0, -1, -1]
    with pytest.raises(InputError, match="3 topics and 1 phrases need a mask of that shape"):
        label_phrases(np.eye(3), np.eye(3)[:1], np.ones((1, 3), bool))
    with pytest.raises(InputError, match="phrase vectors are 2 wide where 3 is expected"):
        label_phrases(np.eye(3), np.eye(2), np.ones((3, 2), bool))
