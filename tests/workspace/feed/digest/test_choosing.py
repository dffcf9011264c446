"""What a digest holds: new to the reader, as many as there is room for, best first; worked out by hand."""

from __future__ import annotations

import pytest

from modicum.workspace.feed.digest.choosing import Chooser, Part
from modicum.workspace.feed.library import Library
from modicum.workspace.feed.readers import Marks, Subscription
from tests.workspace.feed.conftest import TITLES, join, put

DAY = 86_400.0


def wish(kind, what="", every="daily"):
    return Subscription(1, kind, what, every, what)


@pytest.fixture
def chosen(readers, folder, clock):
    """Numbers chosen for the reader, by subscription."""
    (reader,) = join(folder, "ana@example.org")

    def call(*wanted, told=()):
        chooser = Chooser(readers, Library.open(folder), clock.now, "none")
        return chooser.parts(reader, wanted, told)

    call.reader = reader
    return call


def numbers(parts):
    return [list(part.papers) for part in parts]


def test_a_part_tells_its_papers_and_nothing_is_left_empty(chosen):
    (part,) = chosen(wish("search", "columns"), wish("search", "nothing of the kind"), wish("search", "columns came"))
    assert part == Part("Search columns", (2,), ("",))
    assert part.to_list() == ["Search columns", [2], [""]]


def test_a_part_has_ten_papers_and_a_digest_forty_each_once(chosen, folder, clock):
    put(folder, *(f"Study {n} of many labels" for n in range(60)), seen=clock.now)
    wanted = [wish("search", word) for word in ("study", "many", "many study", "study labels many", "of many")]
    parts = chosen(*wanted)
    assert numbers(parts) == [list(range(64 - 10 * k, 54 - 10 * k, -1)) for k in range(4)]
    some = chosen(wish("search", "study"), wish("search", "once"), told=range(5, 60))
    assert [sorted(part) for part in numbers(some)] == [[60, 61, 62, 63, 64], [1, 2, 3, 4]]


def test_papers_are_new_for_longer_than_a_period(chosen, folder, clock):
    put(folder, "Late labels", seen=clock.now - 3 * DAY)
    put(folder, "Later labels", seen=clock.now - 3 * DAY - 1)
    put(folder, "Old labels", seen=clock.now - 14 * DAY)
    put(folder, "Older labels", seen=clock.now - 14 * DAY - 1)
    assert [sorted(part) for part in numbers(chosen(wish("search", "labels")))] == [[3, 5]]
    assert [sorted(part) for part in numbers(chosen(wish("search", "labels", "weekly")))] == [[3, 5, 6, 7]]


def test_a_search_holds_every_word_and_the_best_comes_first(chosen, folder, clock):
    put(folder, "Soup and rice", "Soup of soup of soup", "Rice", seen=clock.now)
    assert numbers(chosen(wish("search", "soup"))) == [[6, 5]]
    assert numbers(chosen(wish("search", "rice soup"))) == [[5]]
    assert numbers(chosen(wish("search", "soup quark"))) == []
    assert numbers(chosen(wish("search", "soup &"))) == [[6, 5]], "what is no word is passed over"
    assert numbers(chosen(wish("search", "& !"))) == []


def test_of_words_with_a_hyphen_a_search_holds_each(chosen, folder, clock):
    put(folder, "Few-shot learning with rows", "Shot peening of steel", "A few words", seen=clock.now)
    assert numbers(chosen(wish("search", "few-shot"))) == [[5]]
    assert numbers(chosen(wish("search", "SHOT-few, rows"))) == [[5]]
    assert numbers(chosen(wish("search", "shot/of/steel"))) == [[6]], "frequent words are passed over"


def test_of_what_is_trending_the_first_twenty_places_count(chosen, folder, clock):
    put(folder, *(f"Study {n}" for n in range(25)), seen=clock.now, votes=100)
    found = chosen(wish("trending"))
    assert numbers(found) == [list(range(29, 19, -1))]
    assert found[0].heading == "Trending"
    assert numbers(chosen(wish("trending"), told=range(15, 30))) == [[14, 13, 12, 11, 10]]


def test_what_is_hidden_or_was_told_is_not_told_again(chosen, readers):
    Marks(readers, chosen.reader).hide(1, True)
    assert numbers(chosen(wish("trending"), told=[2])) == [[4, 3]]


def test_a_tag_wants_papers_that_are_like_and_others(chosen, readers, folder, clock):
    marks = Marks(readers, chosen.reader)
    assert chosen(wish("tag", "mine")) == []
    marks.tag(1, "mine", True)
    put(folder, "Rows and rows of tables", "Quantum soup", seen=clock.now)
    (part,) = chosen(wish("tag", "mine"))
    assert part.papers[0] == 5
    assert 1 not in part.papers
    assert "row" in part.reasons[0]
    for number in range(2, 7):
        marks.tag(number, "mine", True)
    assert chosen(wish("tag", "mine")) == [], "all are tagged: nothing is left to be told"


def test_old_papers_are_ranked_among_but_not_told_for_a_tag(chosen, readers, folder, clock):
    Marks(readers, chosen.reader).tag(1, "mine", True)
    clock.now += 30 * DAY
    assert chosen(wish("tag", "mine")) == []
    put(folder, "Columns of tables", seen=clock.now)
    assert numbers(chosen(wish("tag", "mine"))) == [[5]]
    assert len(TITLES) == 4
