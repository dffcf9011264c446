"""What is liked ranks what is like it, and says why; what is trending follows its formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core.errors import InputError
from modicum.workspace.feed import Suggestions, rank_by_likes, trend_scores
from modicum.workspace.feed.ranking import word_vectors


def world(rng):
    """Two themes of 20 papers, apart in words and in vectors."""
    themes = [["card", "bank", "account", "payment"], ["rain", "wind", "snow", "storm"]]
    texts = [" ".join(rng.permutation(themes[row % 2])[:3]) + f" {row}x" for row in range(40)]
    X = np.eye(2)[np.arange(40) % 2] + 0.1 * rng.normal(size=(40, 2))
    return texts, X


def test_papers_of_the_liked_theme_come_first_with_reasons():
    texts, X = world(np.random.default_rng(0))
    found = rank_by_likes(texts, X, [0, 2, 4], top=17)
    assert isinstance(found, Suggestions)
    assert (found.rows % 2 == 0).all()
    assert not set(found.rows.tolist()) & {0, 2, 4}
    assert set(found.likes.ravel().tolist()) <= {0, 2, 4}
    assert all(set(" ".join(one).split()) <= {"card", "bank", "account", "payment"} for one in found.phrases)
    assert all(found.phrases)
    assert (np.diff(found.scores) <= 0).all()


def test_the_order_of_likes_does_not_matter():
    texts, X = world(np.random.default_rng(1))
    one, other = (rank_by_likes(texts, X, likes) for likes in ([1, 3, 5], [5, 1, 3, 3]))
    assert one.rows.tolist() == other.rows.tolist()
    assert len(one.rows) == 37


def test_texts_without_words_are_ranked_by_vectors():
    X = world(np.random.default_rng(2))[1]
    assert (rank_by_likes([""] * 40, X, [0, 2], top=10).rows % 2 == 0).all()
    assert word_vectors([""])[0].shape == (1, 1)


@pytest.mark.parametrize(
    ("likes", "said"), [([], "0 of 40"), (range(40), "40 of 40"), ([40], "0..39"), ([-1], "0..39")]
)
def test_likes_of_no_use(likes, said):
    texts, X = world(np.random.default_rng(0))
    with pytest.raises(InputError, match=said):
        rank_by_likes(texts, X, list(likes))


@given(st.integers(0, 1000), st.integers(0, 1000), st.floats(0, 100), st.floats(0.1, 50))
def test_half_is_forgotten_every_half_life(votes, mentions, days, life):
    now, later = trend_scores([votes] * 2, [mentions] * 2, [days, days + life], half_life=life)
    assert later == pytest.approx(now / 2)


def test_edges_of_trending():
    assert trend_scores([4, 4, 4], [0, 0, 1], [-1.0, np.nan, 0.0]).tolist() == [4.0, 0.0, 6.0]
    with pytest.raises(InputError, match="half-life"):
        trend_scores([1], [1], [1.0], half_life=0)
