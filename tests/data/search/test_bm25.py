"""BM25: parity with Lucene's formula, a world with a known answer, properties, odd texts, wording."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.search import BM25

TEXTS = ["red apple red", "green apple", "blue sky over a green hill", "", "sky"]
WORDS = st.lists(st.sampled_from(["ant", "bee", "cat", "dog", "eel"]), max_size=6).map(" ".join)


def lucene(texts, query, k1=1.2, b=0.75):
    """The formula of Lucene's BM25Similarity, word by word."""
    rows = [re.findall(r"\w+", text) for text in texts]
    mean = sum(map(len, rows)) / len(rows)
    out = np.zeros(len(rows))
    for word in query.split():
        holding = sum(word in row for row in rows)
        rarity = math.log(1 + (len(rows) - holding + 0.5) / (holding + 0.5))
        for n, row in enumerate(rows):
            count = row.count(word)
            out[n] += rarity * count / (count + k1 * (1 - b + b * len(row) / mean))
    return out


@pytest.mark.parametrize("settings", [{}, {"k1": 0.9, "b": 0.4}, {"k1": 2.0, "b": 0.0}])
def test_parity_with_the_formula_of_lucene(settings):
    ours = BM25(TEXTS, language="none", **settings)
    for query in ("red apple", "green sky sky", "hill"):
        np.testing.assert_allclose(ours.scores(query), lucene(TEXTS, query, **settings), rtol=1e-5)


def test_known_world_the_rare_word_decides():
    """Of two rows of equal length with one word of the query each, the one with the rarer word comes first."""
    texts = ["common alpha"] + ["common beta"] * 50 + ["rare gamma"]
    scores = BM25(texts).scores("common rare")
    assert scores.argmax() == 51
    assert np.allclose(scores[:51], scores[0])


@given(st.lists(WORDS, min_size=1, max_size=8), WORDS, st.randoms())
def test_the_order_of_rows_changes_no_score(texts, query, chance):
    order = list(range(len(texts)))
    chance.shuffle(order)
    plain, turned = BM25(texts).scores(query), BM25([texts[row] for row in order]).scores(query)
    np.testing.assert_allclose(turned, plain[order], rtol=1e-5)


@given(st.lists(WORDS, min_size=1, max_size=8), WORDS)
def test_a_row_scores_where_it_holds_a_word_and_only_there(texts, query):
    shared = [bool(set(text.split()) & set(query.split())) for text in texts]
    assert (BM25(texts, language="none").scores(query) > 0).tolist() == shared


def test_words_are_compared_by_their_stems_in_the_language():
    assert (BM25(["The cards expired"]).scores("card expires") > 0).all()
    assert (BM25(["Die Karten"], language="german").scores("karte die") > 0).all()
    assert (BM25(["Die Karten"], language="german").scores("die") == 0).all()
    assert (BM25(["the cards"], language="none").scores("card") == 0).all()
    assert (BM25(["the cards"], language="none").scores("The") > 0).all()


def test_marks_are_where_words_of_the_query_stand():
    found = BM25(["x"])
    text = "The Cards, cards & carding of Ünïcödé"
    assert [text[a:b] for a, b in found.spans(text, "card the ünïcödé")] == ["Cards", "cards", "carding", "Ünïcödé"]
    assert found.spans(text, "") == []


@pytest.mark.parametrize("texts", [[], ["", "  "], ["...", "the of"]])
def test_texts_without_words_are_never_found_nor_refused(texts):
    found = BM25(texts)
    assert found.scores("the lost card").tolist() == [0.0] * len(texts)


def test_queries_without_a_known_word_find_nothing():
    found = BM25(["a lost card", "\ud83d\x00 broken"])
    for query in ("", "?!", "the", "zebra"):
        assert found.scores(query).tolist() == [0.0, 0.0]
    assert found.scores("broken").argmax() == 1


def test_long_texts_and_long_queries():
    megabyte = "needle " + "hay " * 250_000
    found = BM25([megabyte, "needle in a short text", "x" * 1_000_000])
    assert found.scores("needle").argsort()[::-1].tolist() == [1, 0, 2]
    assert found.scores(megabyte).argmax() == 0


def test_progress_is_told_to_the_end():
    told = []
    BM25(["a"] * 5000, progress=lambda *facts: told.append(facts))
    assert told == [("index words", 4096, 5000), ("index words", 5000, 5000)]


def test_an_unknown_language_is_refused():
    with pytest.raises(InputError, match="language 'englsh' is not known; did you mean 'english'"):
        BM25(["a"], language="englsh")
