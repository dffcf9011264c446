"""What is looked at in a feed: in order of days, by filters, trending by the formula, and never written."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core.errors import InputError
from modicum.data.read.feeds import make_entry
from modicum.workspace.feed import Store, trend_scores
from modicum.workspace.feed.library import DAY, Filters, Library, source_name
from modicum.workspace.feed.merging import take
from modicum.workspace.feed.search.part import day_of

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC).timestamp()


def put(folder, *told, address="/home/ana/papers.jsonl"):
    """A feed of entries of one source, first read at noon of 1 June 2024."""
    store = Store.open(folder, create=True)
    with store.transaction() as db:
        db.execute("INSERT OR IGNORE INTO sources (address, added) VALUES (?, 0)", (address,))
        source = db.execute("SELECT id FROM sources WHERE address = ?", (address,)).fetchone()[0]
        take(db, source, [make_entry(one, address, f"k{place}") for place, one in enumerate(told)], NOW)
    store.close()


def titles(papers):
    return [paper.title for paper in papers]


@pytest.fixture
def library(tmp_path):
    dated = {"first": "2024-05-31", "second": "2024-05-30T23:00:00Z", "a month": "2024-05", "a year": "2024"}
    rows = [{"title": f"{name} of days", "date": date} for name, date in dated.items()]
    put(tmp_path, *rows, {"title": "no date of its own"}, {"title": "a date to come", "date": "2031-01-01"})
    return Library.open(tmp_path)


def test_newest_goes_by_day_and_a_day_to_come_is_the_day_of_reading(library):
    found = library.newest(0, 10)
    assert titles(found[:2]) == ["a date to come", "no date of its own"]
    assert titles(found[2:]) == ["first of days", "second of days", "a month of days", "a year of days"]
    assert [paper.day for paper in found] == ["2024-06-01", "2024-06-01", "2024-05-31", "2024-05-30", "2024-05", "2024"]
    assert [paper.dated for paper in found] == [False, False, True, True, True, True]
    assert titles(library.newest(2, 1)) == ["first of days"]


def test_days_are_found_by_their_index(library):
    query = f"EXPLAIN QUERY PLAN SELECT * FROM papers ORDER BY {DAY} DESC, id DESC LIMIT 20"
    assert "papers_by_day" in str([tuple(row) for row in library.db.execute(query)])


def test_filters_hold_together(library):
    assert titles(library.newest(0, 9, Filters(since="2024-05-30", until="2024-05-31"))) == [
        "first of days",
        "second of days",
    ]
    assert titles(library.newest(0, 9, Filters(until="2024-05"))) == [
        "first of days",
        "second of days",
        "a month of days",
        "a year of days",
    ]
    assert titles(library.newest(0, 9, Filters(since="2024-01-01", until="2024-05"))) == [
        "first of days",
        "second of days",
        "a month of days",
        "a year of days",
    ]
    assert titles(library.newest(0, 9, Filters(among=[1, 2, 9], without=[2]))) == ["first of days"]
    assert library.count(Filters(source=1)) == 6
    assert library.count(Filters(source=2)) == 0
    assert library.newest(0, 9, Filters(among=[])) == []


def test_lists_and_the_search_agree_about_the_first_day(tmp_path):
    dates = ["2022", "2022-01", "2022-01-01", "2022-01-02", "2022-02", "2022-02-01", "2022-02-02", "2022-10-01", "2023"]
    put(tmp_path, *({"title": f"a paper of the day {date}", "date": date} for date in dates))
    library = Library.open(tmp_path)
    for since in dates:
        later = [date for date in dates if day_of(date) >= day_of(since)]
        assert {paper.day for paper in library.newest(0, 20, Filters(since=since))} == set(later)


def test_papers_come_in_the_order_of_their_numbers_list(library):
    assert [paper.number for paper in library.papers([3, 1, 99, 3])] == [3, 1]
    assert library.papers([]) == []
    assert library.standing(3) == 3


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9), st.integers(0, 70)), min_size=1, max_size=8))
def test_trending_follows_the_formula(tmp_path_factory, told):
    folder = tmp_path_factory.mktemp("feed")
    day = datetime(2024, 6, 1, tzinfo=UTC).toordinal()
    dates = [datetime.fromordinal(day - days).date().isoformat() for _, _, days in told]
    rows = [
        {"title": f"a paper of number {n}", "votes": votes, "mentions": mentions, "date": dates[n]}
        for n, (votes, mentions, _) in enumerate(told)
    ]
    put(folder, *rows)
    found = Library.open(folder).trending(0, 20, NOW)
    kept = [one for one in told if one[0] + one[1] and one[2] <= 60]
    expected = sorted(trend_scores(*(list(each) for each in zip(*kept, strict=True))) if kept else [], reverse=True)
    assert found.scores == pytest.approx(expected)
    assert found.of == len(kept) == len(found.papers)


def test_a_paper_that_goes_while_it_is_looked_up_takes_its_score_along(tmp_path, monkeypatch):
    put(tmp_path, *({"title": f"paper number {n} here", "votes": n} for n in (3, 2, 1)))
    library, seen = Library.open(tmp_path), Library.papers

    def merged(library, numbers):
        with sqlite3.connect(tmp_path / "feed.sqlite") as db:
            db.execute("UPDATE entries SET paper = 1 WHERE paper = 2")
            db.execute("DELETE FROM marks WHERE paper = 2")
            db.execute("DELETE FROM papers WHERE id = 2")
        return seen(library, numbers)

    before = library.trending(0, 9, NOW)
    monkeypatch.setattr(Library, "papers", merged)
    found = library.trending(0, 9, NOW)
    assert [paper.number for paper in found.papers] == [1, 3]
    assert found.scores == before.scores[::2]


def test_sources_and_entries_name_no_folder_of_the_server(library):
    (source,) = library.sources()
    assert (source["name"], source["papers"], source["number"]) == ("papers.jsonl", 6, 1)
    (entry,) = library.entries(1)
    assert (entry["name"], entry["date"]) == ("papers.jsonl", "2024-05-31")
    assert source_name("http://a.org:8080/x/?key=secret") == "a.org/x"
    assert source_name("HTTPS://ana:secret@a.org/x?key=secret") == "a.org/x"


def test_nothing_is_written_and_threads_have_their_own(library):
    with pytest.raises(sqlite3.OperationalError):
        library.db.execute("DELETE FROM papers")
    found = []
    thread = threading.Thread(target=lambda: found.append(library.count()))
    thread.start()
    thread.join()
    assert found == [6]


def test_a_folder_without_a_feed_is_told(tmp_path):
    with pytest.raises(InputError, match="begin one with"):
        Library.open(tmp_path / "nowhere")
