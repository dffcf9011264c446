"""What is asked is found: by words, by vectors, by both, among the papers that pass, and as papers come and go."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from modicum.core.errors import InputError
from modicum.workspace.feed import PaperHits, PaperQuery, PaperSearch, Store
from modicum.workspace.feed.search.part import day_of
from tests.workspace.feed.themes import Themes, paper, put


@pytest.fixture
def store(tmp_path):
    found = Store.open(tmp_path / "feed", create=True)
    put(
        found,
        paper("The bank card", "A card of a bank and its account", "2024-01-05"),
        paper("A payment late", "The account of a payment", "2024-02"),
        paper("Rain and wind today", "Of a storm with snow and rain", "2023"),
        paper("A cat, a dog, a horse", "A dog and a cat and a cow"),
    )
    put(found, paper("Snow falls and storm", "wind wind wind", "2024-03-01"), address="b")
    yield found
    found.close()


@pytest.fixture
def search(store):
    return PaperSearch.open(store, encoder=Themes())


def found(search, top=20, **told):
    hits = search.find(PaperQuery(**told), top)
    assert isinstance(hits, PaperHits)
    assert len(hits.papers) == len(hits.scores) == len(hits.words) == len(hits.cosines)
    assert (np.diff(hits.scores) <= 0).all()
    return hits.papers.tolist()


def test_words_and_vectors_find_together(search):
    hits = search.find(PaperQuery("card of the bank"))
    assert hits.papers.tolist()[:2] == [1, 2]  # the second has none of the words
    assert hits.scores[0] == 1
    assert hits.total == 1
    assert np.isneginf(hits.words[1])
    assert hits.cosines[1] == pytest.approx(1, abs=0.01)


def test_words_alone(store):
    search = PaperSearch.open(store, encoder="none")
    assert found(search, text="payments") == [2]
    assert found(search, text="nothing of the kind") == []
    assert search.vectors([1]).shape == (1, 0)


@pytest.mark.parametrize("word", ["classification", "studies", "ranking", "generalized", "studying"])
def test_a_word_is_found_all_the_while_it_is_typed(store, word):
    titles = ("Text classification of rows", "Other studies here", "Graph ranking of stuff", "A generalized view")
    put(store, *(paper(title) for title in titles), address="c")
    search = PaperSearch.open(store, encoder="none")
    (whole,) = found(search, text=word)
    for letters in range(3, len(word)):
        assert whole in found(search, text=word[:letters], unfinished=True), word[:letters]
    for other in ("qzx", "classes", "ranzig"):
        assert found(search, text=other, unfinished=True) == [], "equal first letters alone are no word"


def test_like_and_unlike(search):
    assert found(search, like=(1,), top=1) == [2]
    assert search.neighbours(3).papers.tolist()[0] == 5
    assert 3 not in found(search, text="rain card", unlike=(3,))
    assert found(search, text="storm card", unlike=(3,), top=1) == [1]


def test_filters(search):
    assert found(search, since=date(2024, 1, 1)) == [5, 2, 1]
    assert found(search, until=date(2024, 2, 1)) == [2, 1, 3]
    assert found(search, sources=(2,)) == [5]
    assert found(search, text="storm", sources=(1,))[0] == 3
    assert found(search, among=[4, 2]) == [2, 4]
    assert found(search, among=[]) == []
    assert search.find(PaperQuery(among=[4, 2]), 1).total == 2
    assert found(search, without=[5, 3, 99]) == [2, 1, 4]


def test_without_a_question_the_newest_come_first(search):
    assert found(search) == [5, 2, 1, 3, 4]


def test_papers_come_change_and_go(search, store):
    assert search.refresh(store) == 0
    put(store, paper("A horse", "horse of a dog", key="x"), address="b")
    assert search.refresh(store) == 1
    assert len(search) == 6
    assert 6 in search
    assert found(search, text="horse", top=1) == [6]
    put(store, paper("A horse", "now a storm, and longer than it was", key="x"), address="b")
    assert search.refresh(store) == 1
    assert 6 in found(search, text="storm")
    # An entry that shows the sixth to be the fourth.
    put(store, {**paper("A horse", key="x"), "identifiers": "2305.00001"}, address="b")
    put(store, {**paper("A cat, a dog, a horse", key="y"), "identifiers": "2305.00001"}, address="b")
    if store.paper(6) != 6:
        search.refresh(store)
        assert 6 not in search
        assert 4 in found(search, text="storm")


def test_which_of_many_papers_are_known(search, store):
    put(store, {**paper("A cat, a dog, a horse", key="y"), "identifiers": "2305.00001"}, address="b")
    put(store, {**paper("Rain and wind today", key="z"), "identifiers": "2305.00001"}, address="b")
    search.refresh(store)
    asked = [77, 5, 4, 3, 0, 5]
    assert search.known(asked).tolist() == [False, True, False, True, False, True]
    assert [number in search for number in asked] == search.known(asked).tolist()
    assert search.known([]).tolist() == []


def test_marks_and_vectors(search):
    assert search.marks("Cards of banks", "bank card") == [(0, 5), (9, 14)]
    assert search.vectors([5, 1]) == pytest.approx(np.array([[0, 1, 0], [1, 0, 0]]))


def test_an_empty_feed(tmp_path):
    store = Store.open(tmp_path / "feed", create=True)
    search = PaperSearch.open(store, encoder=Themes())
    assert len(search) == 0
    assert found(search, text="card") == []
    store.close()


def test_refusals(search):
    with pytest.raises(InputError, match="no paper 77"):
        search.find(PaperQuery(like=(77,)))
    with pytest.raises(InputError, match="nothing is left"):
        search.find(PaperQuery("rain", unlike=(3,)))
    with pytest.raises(InputError, match="at least 1"):
        search.find(PaperQuery("card"), 0)


def test_days():
    assert day_of("2024-02-30") == day_of("nonsense") == 0
    assert day_of("2024") == date(2024, 1, 1).toordinal()
