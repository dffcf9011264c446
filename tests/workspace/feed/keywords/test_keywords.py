"""Keywords are found, keep their numbers as papers come, and are renamed, merged and dropped for good."""

from __future__ import annotations

import pytest

from modicum.core.errors import InputError
from modicum.workspace.feed import PaperSearch, Store
from modicum.workspace.feed.keywords import Keyword, Keywords, find_keywords
from modicum.workspace.feed.search.changes import watch
from tests.workspace.feed.search.test_papers import THEMES, Themes, paper, put


def of_theme(theme, first, last):
    """Papers of a theme, each of two of its words and one of its own."""
    words = THEMES[theme].split()
    return [
        paper(
            f"{words[n % 4]} and {words[(n + 1) % 4]} number{theme}{n}",
            f"{words[n % 4]} {words[(n + 2) % 4]}",
            key=f"{theme}-{n}",
        )
        for n in range(first, last)
    ]


@pytest.fixture
def store(tmp_path):
    found = Store.open(tmp_path / "feed", create=True)
    put(found, *of_theme(0, 0, 20), *of_theme(1, 0, 20), *of_theme(2, 0, 10))
    yield found
    found.close()


@pytest.fixture
def search(store):
    return PaperSearch.open(store, encoder=Themes())


@pytest.fixture
def pages(store, search):
    assert find_keywords(store, search, keywords=3) == 50
    return Keywords(store)


def test_each_theme_has_a_page_with_its_papers(pages):
    every = pages.all()
    assert [keyword.papers for keyword in every] == [20, 20, 10]
    assert all(isinstance(keyword, Keyword) and keyword.name for keyword in every)
    for keyword in every:
        themes = {(number - 1) // 20 for number in pages.papers(keyword.number)}
        assert len(themes) == 1
        assert set(keyword.terms[0].split()) <= {*THEMES[themes.pop()].split(), "and"}
    assert pages.of([1, 41])[41] == [every[2]]
    assert pages.named(every[0].name.upper()) == every[0]


def test_numbers_stay_when_papers_come_and_new_themes_get_new_ones(pages, store, search):
    before = {keyword.number: pages.papers(keyword.number) for keyword in pages.all()}
    assert find_keywords(store, search) == 0
    put(store, *of_theme(1, 20, 25))
    search.refresh(store)
    assert find_keywords(store, search) == 5
    after = {keyword.number: pages.papers(keyword.number) for keyword in pages.all()}
    assert set(after) == set(before)
    assert sum(len(set(after[number]) - set(before[number])) for number in after) == 5
    assert all(set(before[number]) <= set(after[number]) for number in after)


def test_edits_stay(pages, store, search):
    one, two, three = (keyword.number for keyword in pages.all())
    pages.rename(one, " Money  matters ")
    pages.drop(three)
    pages.merge([one, two])
    assert [keyword.number for keyword in pages.all()] == [one]
    assert len(pages.papers(one)) == 40
    assert pages.papers(two) == pages.papers(one)
    assert pages.find(two).name == "Money matters"
    assert pages.find(two).by_user
    assert pages.find(three) is None
    put(store, *of_theme(0, 20, 22), *of_theme(1, 20, 22), *of_theme(2, 10, 12))
    search.refresh(store)
    find_keywords(store, search)
    assert [(keyword.name, keyword.papers) for keyword in pages.all()] == [("Money matters", 44)]
    assert pages.of([pages.papers(one)[0], 41]) == {pages.papers(one)[0]: pages.all()}


def test_a_paper_that_becomes_another_leaves_its_page(pages, store, search):
    with store.transaction() as db:
        db.execute("DELETE FROM marks WHERE paper = 41")
        db.execute("UPDATE entries SET paper = 42 WHERE paper = 41")
        db.execute("DELETE FROM papers WHERE id = 41")
    search.refresh(store)
    find_keywords(store, search)
    assert 41 not in pages.papers(pages.all()[2].number)
    assert pages.of([41]) == {}


def test_another_encoder_begins_anew_with_new_numbers(pages, store):
    other = Themes()
    other.fingerprint = "another"
    old = {keyword.number for keyword in pages.all()}
    find_keywords(store, PaperSearch.open(store, encoder=other), keywords=3)
    assert not {keyword.number for keyword in pages.all()} & old


def test_refusals(pages, store):
    one, two, _ = (keyword.number for keyword in pages.all())
    with pytest.raises(InputError, match="called"):
        pages.rename(one, pages.find(two).name.upper())
    for name in ("", " ", "x" * 81, "a\x00b"):
        with pytest.raises(InputError, match="letters"):
            pages.rename(one, name)
    with pytest.raises(InputError, match="two keywords"):
        pages.merge([one, one])
    with pytest.raises(InputError, match="no keyword 99"):
        pages.drop(99)
    with pytest.raises(InputError, match="no keyword 'x'"):
        pages.named("x")
    with pytest.raises(InputError, match="name an --encoder"):
        find_keywords(store, PaperSearch.open(store, encoder="none"))
    assert watch(store) == watch(store)


def test_too_few_papers(tmp_path):
    store = Store.open(tmp_path / "feed", create=True)
    put(store, *of_theme(0, 0, 20))
    assert find_keywords(store, PaperSearch.open(store, encoder=Themes())) == 0
    assert Keywords(store).all() == []
    store.close()
