"""Keywords are found, keep their numbers as papers come, and are renamed, merged and dropped for good."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from filelock import FileLock

from modicum.core.errors import InputError
from modicum.workspace.feed import PaperSearch, Store
from modicum.workspace.feed.keywords import Keyword, Keywords, find_keywords, map_papers, refresh_keywords
from modicum.workspace.feed.keywords.carrying import carried_topics
from modicum.workspace.feed.keywords.finding import FOLDER, LOCK
from modicum.workspace.feed.search.changes import watch
from modicum.workspace.feed.tags import Tag
from modicum.workspace.feed.tags.task import pool_of
from tests.workspace.feed.themes import THEMES, Themes, of_theme, paper, put


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


def test_all_papers_are_asked_for_at_once(pages, store, search, monkeypatch):
    """One by one each would take the time of all: minutes for a million."""

    def refuse(search, paper):
        raise AssertionError(paper)

    monkeypatch.setattr(PaperSearch, "__contains__", refuse)
    put(store, *of_theme(1, 20, 25))
    search.refresh(store)
    assert find_keywords(store, search) == 5
    assert map_papers(store, search) == 55
    assert carried_topics(store, search) is not None
    assert len(pool_of(store, search, Tag(1, "rain", (21, 22))).papers) == 55


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


class Others(Themes):
    """Another encoder of the themes: in other vectors, and with one theme more."""

    fingerprint, dimension = "another", 5

    def encode(self, texts, progress=None):
        X = np.zeros((len(texts), 5), dtype=np.float32)
        X[:, [3, 1, 0]] = super().encode(texts)
        X[:, 2] = ["cheese" in text for text in texts]
        return X


def shown(pages):
    return {keyword.number: (keyword.name, pages.papers(keyword.number)) for keyword in pages.all()}


def test_another_encoder_keeps_numbers_and_edits(pages, store):
    one, two, three = (keyword.number for keyword in pages.all())
    before = {number: set(papers) for number, (_, papers) in shown(pages).items()}
    pages.rename(one, "Money matters")
    search = PaperSearch.open(store, encoder=Others())
    assert find_keywords(store, search) == 50
    after = shown(pages)
    assert {number: set(papers) for number, (_, papers) in after.items()} == before
    assert after[one][0] == "Money matters"
    assert find_keywords(store, search) == 0
    pages.merge([one, two])
    pages.drop(three)
    search = PaperSearch.open(store, encoder=Themes())
    assert find_keywords(store, search) == 50
    assert {number: set(papers) for number, (_, papers) in shown(pages).items()} == {one: before[one] | before[two]}
    assert pages.find(two).number == one
    assert pages.find(three) is None


def test_topics_are_carried_to_where_their_papers_are(pages, store):
    found = carried_topics(store, PaperSearch.open(store, encoder=Others()))
    assert [(topic.id, topic.name) for topic in found.topics] == [
        (row["topic"], row["name"]) for row in store.rows("SELECT topic, name FROM keywords ORDER BY topic")
    ]
    assert (found.encoder.fingerprint, found.kept.centres.shape, found.kept.next_id) == ("another", (3, 5), 3)
    with store.transaction() as db:
        db.execute("DELETE FROM paper_topics")
    assert carried_topics(store, PaperSearch.open(store, encoder=Others())) is None


def test_another_encoder_may_see_more_in_a_page(store, search):
    find_keywords(store, search, keywords=1)
    pages = Keywords(store)
    (one,) = pages.all()
    find_keywords(store, PaperSearch.open(store, encoder=Others()))
    every = pages.all()
    assert [keyword.papers for keyword in every] == [20, 20, 10]
    assert one.number in {keyword.number for keyword in every}
    for keyword in every:  # named anew, as the page is no longer about everything
        theme = (pages.papers(keyword.number)[0] - 1) // 20
        assert set(keyword.name.split()) <= {*THEMES[theme].split(), "and"}


def test_another_encoder_keeps_whole_what_somebody_edited(store, search):
    find_keywords(store, search, keywords=1)
    pages = Keywords(store)
    (one,) = pages.all()
    pages.rename(one.number, "Everything")
    find_keywords(store, PaperSearch.open(store, encoder=Others()))
    assert [(keyword.number, keyword.name, keyword.papers) for keyword in pages.all()] == [
        (one.number, "Everything", 50)
    ]
    pages.drop(one.number)
    find_keywords(store, PaperSearch.open(store, encoder=Themes()))
    assert pages.all() == []


def test_what_is_new_to_another_encoder_gets_a_number_of_its_own(pages, store):
    old = shown(pages)
    put(store, *(paper(f"cheese {n}", "cheese and cheese") for n in range(12)))
    find_keywords(store, PaperSearch.open(store, encoder=Others()))
    after = shown(pages)
    (new,) = set(after) - set(old)
    assert new > max(old)
    assert set(after[new][1]) == set(range(51, 63))
    assert {number: set(after[number][1]) for number in old} == {number: set(told[1]) for number, told in old.items()}


def test_pages_outlive_the_folder_of_their_topics(pages, store, search):
    old = shown(pages)
    shutil.rmtree(store.folder / FOLDER)
    find_keywords(store, search)
    assert shown(pages).keys() == old.keys()
    assert {number: name for number, (name, _) in shown(pages).items()} == {n: name for n, (name, _) in old.items()}


def test_a_page_without_papers_is_not_found_anew_under_its_number(pages, store):
    three = pages.all()[2]
    with store.transaction() as db:
        db.execute("DELETE FROM entries WHERE paper > 40")
        db.execute("DELETE FROM marks WHERE paper > 40")
        db.execute("DELETE FROM papers WHERE id > 40")
    put(store, *(paper(f"cheese {n}", "cheese and cheese") for n in range(12)))
    find_keywords(store, PaperSearch.open(store, encoder=Others()))
    assert pages.find(three.number).papers == 0
    assert pages.all()[2].number > three.number


def test_refusals(pages, store):
    one, two, _ = (keyword.number for keyword in pages.all())
    with pytest.raises(InputError, match="called"):
        pages.rename(one, pages.find(two).name.upper())
    for name in ("", " ", "x" * 81):
        with pytest.raises(InputError, match="letters"):
            pages.rename(one, name)
    for name in ("a\x00b", "few\u200blabels"):
        with pytest.raises(InputError, match="signs that show nothing; leave them out"):
            pages.rename(one, name)
    for numbers in ([one, one], [one], []):
        with pytest.raises(InputError, match="two keywords"):
            pages.merge(numbers)
    with pytest.raises(InputError, match="no keyword 99"):
        pages.drop(99)
    with pytest.raises(InputError, match="name an --encoder"):
        find_keywords(store, PaperSearch.open(store, encoder="none"))
    assert watch(store) == watch(store)


def test_a_page_is_meant_by_its_address_its_name_or_its_number(pages):
    one, two, three = pages.all()
    for said in (one.name.upper(), f"  {one.name} ", str(one.number), f"/keyword/{one.number}"):
        assert pages.meant(said) == one
    assert pages.meant(f"https://papers.example.org/keyword/{two.number}?order=typical") == two
    pages.rename(two.number, str(one.number))
    assert pages.meant(str(one.number)).number == two.number  # a name goes before a number
    assert pages.meant(f"keyword/{one.number}") == one
    pages.merge([one.number, three.number])
    assert pages.meant(f"/keyword/{three.number}").number == one.number
    assert pages.called(three.number) == (one.name, True)
    pages.drop(one.number)
    assert pages.called(one.number) == (one.name, False)
    assert pages.called(99) == ("99", False)
    for said in (f"/keyword/{one.number}", "/keyword/9999999999999999", "99"):
        with pytest.raises(InputError, match="there is no keyword page"):
            pages.meant(said)


def test_pages_that_are_like_what_was_said_are_named(pages):
    one, two, three = (keyword.number for keyword in pages.all())
    for number, name in ((one, "Few labels"), (two, "Graph networks"), (three, "Snow")):
        pages.rename(number, name)
    with pytest.raises(InputError, match="no keyword page 'few lables'; most like it is 'Few labels'; name one of"):
        pages.meant("few lables")
    with pytest.raises(InputError, match=r"most like it is 'Graph networks'; .* subscribe to a search of the words"):
        pages.meant("networks of roads")
    word = pages.find(three).terms[0].split()[0]
    with pytest.raises(InputError, match=r"most like it (is|are) .*'Snow'"):
        pages.meant(f"a {word}")  # a term of the page
    with pytest.raises(InputError, match="the largest are 'Few labels', 'Graph networks', 'Snow'"):
        pages.meant("xyz")


def test_one_at_a_time_finds_them(pages, store, search):
    with FileLock(store.folder / LOCK), pytest.raises(InputError, match="another modicum finds the keywords"):
        find_keywords(store, search)


def test_new_papers_come_to_pages_without_a_site(tmp_path):
    store = Store.open(tmp_path / "feed", create=True)
    assert refresh_keywords(store.folder) == ""
    put(store, *of_theme(0, 0, 20), *of_theme(1, 0, 20))
    find_keywords(store, PaperSearch.open(store, encoder="hashed"), keywords=2)
    pages = Keywords(store)
    before = {keyword.number: set(pages.papers(keyword.number)) for keyword in pages.all()}
    put(store, *of_theme(1, 20, 23))
    assert refresh_keywords(store.folder) == ""
    after = {keyword.number: set(pages.papers(keyword.number)) for keyword in pages.all()}
    grown = [after[number] - before[number] for number in before if 21 in before[number]]
    assert grown == [{41, 42, 43}]
    put(store, *of_theme(1, 23, 24))
    PaperSearch.open(store, encoder="none")
    assert "the search knows words alone" in refresh_keywords(store.folder)
    store.close()


def test_too_few_papers(tmp_path):
    store = Store.open(tmp_path / "feed", create=True)
    put(store, *of_theme(0, 0, 20))
    assert find_keywords(store, PaperSearch.open(store, encoder=Themes())) == 0
    assert Keywords(store).all() == []
    store.close()
