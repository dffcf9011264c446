"""What is liked ranks what is like it, and says why; what is trending follows its formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core.errors import InputError
from modicum.workspace.feed import Suggestions, rank_by_likes, ranking, trend_scores
from modicum.workspace.feed.ranking import centred, word_vectors


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


def by_hand(texts, X, likes):
    """Scores of all papers, pair by pair."""
    n, words, unit = len(texts), word_vectors(texts)[0].toarray(), centred(X)
    pairs = ~np.eye(n, dtype=bool)
    told, meant = words @ words.T, unit @ unit.T
    alike = told / told[pairs].std() + 0.5 * meant / meant[pairs].std()
    alike = np.stack([(row - row[own].mean()) / row[own].std() for row, own in zip(alike, pairs, strict=True)])
    others = [row for row in range(n) if row not in likes]
    best = sorted(others, key=lambda row: -alike[row, likes].mean())[: 2 * len(likes)]
    counted = [[(1.0, one) for one in likes] + [(0.25, one) for one in best if one != row] for row in range(n)]
    return np.array(
        [sum(w * alike[row, one] for w, one in own) / sum(w for w, _ in own) for row, own in enumerate(counted)]
    )


@pytest.mark.parametrize("likes", [[4], [0, 2, 7], list(range(0, 28, 2))])
def test_scores_are_those_of_the_pairs(likes):
    texts, X = world(np.random.default_rng(3))
    found = rank_by_likes(texts, X, likes, top=40)
    assert found.scores == pytest.approx(by_hand(texts, X, likes)[found.rows])
    assert len(found.rows) == 40 - len(likes)


def scores_of(texts, X, likes):
    found = rank_by_likes(texts, X, likes)
    return dict(zip(found.rows.tolist(), found.scores.tolist(), strict=True))


def test_what_is_like_the_best_is_found_without_a_word_of_the_likes(monkeypatch):
    texts = ["card bank"] * 6 + ["card payment"] * 6 + ["payment"] * 3 + ["rain"] * 3 + ["wind snow"] * 24
    X, likes = np.ones((42, 1)), [0, 1, 2, 3]
    assert scores_of(texts, X, likes)[12] > scores_of(texts, X, likes)[15] + 0.05
    monkeypatch.setattr(ranking, "SHARE", 0.0)
    assert scores_of(texts, X, likes)[12] <= scores_of(texts, X, likes)[15]


@pytest.mark.parametrize("texts", [["of cards deck", "of cards"], ["cards of deck", "cards of"]])
def test_phrases_neither_begin_nor_end_with_a_stop_word(texts):
    found = rank_by_likes([*texts, "cards wind", "wind of", "rain"], np.ones((5, 1)), [0], top=1)
    assert found.rows.tolist() == [1]
    assert found.phrases == (("cards",),)


def test_among_many_papers_some_stand_for_all(monkeypatch):
    texts, X = world(np.random.default_rng(4))
    exact = rank_by_likes(texts, X, [0, 2, 4], top=37)
    monkeypatch.setattr(ranking, "REFERENCES", 20)
    close = rank_by_likes(texts, X, [0, 2, 4], top=37)
    assert np.corrcoef(exact.scores[np.argsort(exact.rows)], close.scores[np.argsort(close.rows)])[0, 1] > 0.98
    assert not np.array_equal(exact.scores, close.scores)


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
