"""Words in parts: the scores of `BM25` whatever the parts, however they are joined, and whatever is left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.data.search import BM25, PartedBM25, Postings, Stems, arrays_of, count_words, join_postings
from modicum.data.search import postings as module

STEMS = Stems("none")
TEXT = st.lists(st.sampled_from(["ant", "bee", "cat", "dog", "eel", "fly"]), max_size=8).map(" ".join)
TEXTS = st.lists(TEXT, min_size=1, max_size=6)


def scores(parts, query):
    index = PartedBM25(parts)
    return np.concatenate(index.scores(index.rarest(STEMS.tokens([query])[0], 100)))


@given(st.lists(TEXTS, min_size=1, max_size=4), TEXT)
def test_parts_score_as_the_whole_does(runs, query):
    whole = BM25([text for run in runs for text in run], language="none")
    parts = [count_words(run, STEMS) for run in runs]
    np.testing.assert_allclose(scores(parts, query), whole.scores(query), rtol=1e-5)


@given(st.lists(TEXTS, min_size=1, max_size=4), st.data())
def test_parts_joined_are_what_the_rows_that_stay_would_give(runs, data):
    every = [text for run in runs for text in run]
    stays = data.draw(st.lists(st.booleans(), min_size=len(every), max_size=len(every)))
    order = data.draw(st.permutations([row for row, stay in enumerate(stays) if stay]))
    places = np.full(len(every), -1)
    places[order] = np.arange(len(order))
    cuts = np.cumsum([len(run) for run in runs])[:-1]
    joined = join_postings([count_words(run, STEMS) for run in runs], np.split(places, cuts), len(order))
    wanted = count_words([every[row] for row in order], STEMS)
    assert joined.letters.tobytes() == wanted.letters.tobytes()
    assert joined.lengths.tolist() == wanted.lengths.tolist()
    for word in ("ant", "bee", "cat", "dog", "eel", "fly"):
        found, told = joined.held(word), wanted.held(word)
        pairs = [sorted(zip(one.rows[at], one.times[at], strict=True)) for one, at in ((joined, found), (wanted, told))]
        assert pairs[0] == pairs[1]


def test_joining_in_many_runs_is_joining_in_one(monkeypatch):
    texts = ["ant bee cat", "bee cat", "cat dog", "eel"] * 5
    parts = [count_words(texts, STEMS), count_words(texts[::-1], STEMS)]
    stays = np.arange(20) % 3 > 0
    places = [np.arange(20), np.where(stays, 19 + np.cumsum(stays), -1)]
    rows = 20 + int(stays.sum())
    whole = join_postings(parts, places, rows)
    monkeypatch.setattr(module, "AT_ONCE", 2)
    again = join_postings(parts, places, rows)
    for name, array in arrays_of(whole).items():
        assert array.tolist() == arrays_of(again)[name].tolist()


def test_words_by_their_beginning_and_of_a_row():
    parts = [count_words(["Networks of networks", "a network, the netting"], Stems()), count_words(["net"], Stems())]
    assert isinstance(parts[0], Postings)
    assert PartedBM25(parts).completed("net", 5) == ["net", "network"]
    assert PartedBM25(parts).completed("net", 1) == ["network"] or PartedBM25(parts).completed("net", 1) == ["net"]
    assert PartedBM25(parts).completed("x", 5) == []
    assert parts[0].of_row(1) == {"network": 1, "net": 1}


def test_the_rarest_words_of_a_query_count():
    index = PartedBM25([count_words(["ant bee", "ant", "ant"], STEMS)])
    assert list(index.rarest(["ant", "bee", "bee", "cat"], 1)) == ["bee"]
    assert index.rarest(["bee", "bee"], 1)["bee"] == pytest.approx(2 * index.rarity("bee"))
    assert index.rarity("cat") == 0
    assert index.rarest([], 3) == {}


@pytest.mark.parametrize("texts", [[], [""], ["the of a"], ["ant " * 1000], ["\ud800 lone", "día 日本語"]])
def test_odd_texts(texts):
    part = count_words(texts, Stems())
    joined = join_postings([part, part], [np.arange(len(texts)), np.full(len(texts), -1)], len(texts))
    assert len(part.lengths) == len(joined.lengths) == len(texts)
    assert np.concatenate([np.zeros(0), *PartedBM25([part]).scores({"ant": 1.0, "\ud800": 1.0})]).shape == (len(texts),)


def test_spans_and_numbers_of_stems():
    stems = Stems()
    assert stems.spans("All cards expire", frozenset(["card"])) == [(4, 9)]
    ids, names = stems.numbered(["cards, card", ""])
    assert [[names[number] for number in one] for one in ids] == [["card", "card"], []]
